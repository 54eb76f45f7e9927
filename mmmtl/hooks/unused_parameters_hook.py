"""Parameters that no loss depends on, named after the first step."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class UnusedParametersHook(Hook):
    """Warns once where parameters that should learn got no gradient in the first step of the optimiser.

    A task without a label in the batch is no such case: its loss is a 0 that is connected to the graph. Nor is a shared
    parameter under a weighting by gradients (`TaskGradients`), which gives it a gradient of 0. With several
    processes `DistributedDataParallel` waits for the gradient of every parameter and would stop in the second step with
    a message that names none, the first step having been taken without averaging over the processes.

    Raises:
        ConfigError: There are several processes, and they were not asked to look for unused parameters.
    """

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.watches: list[RemovableHandle] = []

    def before_train(self, runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.learnt = {name: value for name, value in model.named_parameters() if value.requires_grad}
        self.reached = set()
        self.watches = [
            value.register_post_accumulate_grad_hook(self._watch(name)) for name, value in self.learnt.items()
        ]

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if not self.watches or not runner.optim_wrapper.should_update():
            return
        self.after_train(runner)
        device = next(iter(self.learnt.values())).device
        reached = torch.tensor([float(name in self.reached) for name in self.learnt], device=device)
        all_reduce(reached, op='min')
        unused = [name for name, used in zip(self.learnt, reached.tolist(), strict=True) if not used]
        if not unused:
            return
        what = f'no loss depends on {", ".join(common_parts(unused, list(self.learnt)))}'
        remedy = 'leave it out (fewer out_indices of the backbone), connect it (in_index of the head) or freeze it'
        if is_model_wrapper(runner.model) and not runner.model.find_unused_parameters:
            raise ConfigError(
                f'{what}, and with several processes every parameter must get a gradient: {remedy}; or '
                'set --cfg-options find_unused_parameters=True'
            )
        runner.logger.warning(f'{what}, which does not learn: {remedy}')

    def after_train(self, runner) -> None:
        """Watch no longer."""
        for watch in self.watches:
            watch.remove()
        self.watches = []

    def _watch(self, name: str):
        def reach(parameter: Tensor) -> None:
            self.reached.add(name)

        return reach


def common_parts(some: Sequence[str], every: Sequence[str]) -> list[str]:
    """Dotted names, put together where all that begins alike is among them: ``'backbone.stage_3 (12 parameters)'``."""
    chosen, parts = set(some), Counter()
    for name in some:
        parts[
            next(
                part
                for part in accumulate(name.split('.'), '{}.{}'.format)
                if all(other in chosen for other in every if f'{other}.'.startswith(f'{part}.'))
            )
        ] += 1
    return [f'{part} ({count} parameters)' if count > 1 else part for part, count in parts.items()]
