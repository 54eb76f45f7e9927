"""torchjd's weightings of a Gramian, by name."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.extras import MissingExtraError
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.nonnegative_least_squares import project_onto_dual_cone
from mmmtl.registry import MODELS

# name in torchjd -> our default options
METHODS: dict[str, dict[str, Any]] = {
    'AlignedMTL': {},
    'CAGrad': {'c': 0.4},  # Liu et al. on NYUv2
    'DualProj': {'projector': project_onto_dual_cone},
    'FairGrad': {'alpha': 1.0},
    'IMTLG': {},
    'PCGrad': {},
    'UPGrad': {'projector': project_onto_dual_cone},
}


@MODELS.register_module()
class TorchJDWeighting(GramianWeighting):
    """One of torchjd's weightings (https://torchjd.org, MIT) of the present tasks.

    ================ ==================================================================================================
    ``'AlignedMTL'`` Senushkin et al., "Independent component alignment for multi-task learning", CVPR 2023
    ``'CAGrad'``     Liu et al., "Conflict-averse gradient descent", NeurIPS 2021; c = 0.4. Needs cvxpy
    ``'DualProj'``   Lopez-Paz and Ranzato, "Gradient episodic memory", NeurIPS 2017, eq. 11
    ``'FairGrad'``   Ban and Ji, "Fair resource allocation in multi-task learning", ICML 2024; alpha = 1
    ``'IMTLG'``      Liu et al., "Towards impartial multi-task learning", ICLR 2021, IMTL-G
    ``'PCGrad'``     Yu et al., "Gradient surgery for multi-task learning", NeurIPS 2020; random order of the tasks
    ``'UPGrad'``     Quinton and Rey, "Jacobian descent for multi-objective optimization", 2024
    ================ ==================================================================================================

    AlignedMTL, DualProj and UPGrad average the gradients (weights near 1/n), PCGrad adds them (near 1), so learning
    rates do not carry over. DualProj and UPGrad use `project_onto_dual_cone` instead of quadprog.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        method: One of the names above.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        options: Options of torchjd's class, by name.
        weight_heads: Whether the weights apply to the heads too, see `GramianWeighting`.

    Raises:
        ConfigError: The method or an option is unknown, or torchjd or a solver is not installed.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        method: str,
        shared: Sequence[str] = ('backbone',),
        *,
        options: Mapping[str, Any] | None = None,
        weight_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weight_heads=weight_heads)
        if method not in METHODS:
            raise ConfigError(f'TorchJDWeighting.method must be one of {", ".join(METHODS)}, found {method!r}')
        self.weighting = build_torchjd(method, {**METHODS[method], **(options or {})})

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.weighting(gramian), state


def build_torchjd(method: str, options: Mapping[str, Any]) -> partial | Any:
    """Build torchjd's weighting of that name.

    Raises:
        ConfigError: torchjd or a solver is not installed, or an option is wrong.
    """
    try:
        from torchjd import aggregation  # the extra `weighting`

        return getattr(aggregation, f'{method}Weighting')(**options)
    except ImportError as error:  # torchjd itself or a solver of the method
        raise MissingExtraError(
            f"loss_weighting: {method} needs a package that is not installed ({error}): pip install 'mmmtl[weighting]'"
        ) from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f'loss_weighting.options: torchjd rejects the options of {method}: {error}') from error
