"""A warning about parameters on which no loss depends."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.hooks import RemovableHandle

from mmmtl.errors import ConfigError
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class UnusedParametersHook(Hook):
    """Warn once about trainable parameters without a gradient in the first optimizer step.

    Tasks without a label in the batch do not count: their loss is a 0 that is connected to the graph. Nor do shared
    parameters under a gradient weighting (`TaskGradients`), which get a gradient of 0. With several processes
    `DistributedDataParallel` waits for the gradient of every parameter and would fail in the second step with a message
    that names none of them; `ShardedModel` needs the same gradients on all processes.

    Raises:
        ConfigError: There are unused parameters, several processes, and ``find_unused_parameters`` is not set.
    """

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.handles: list[RemovableHandle] = []

    def before_train(self, runner) -> None:
        model = unwrap_model(runner.model)
        self.trainable = {name: value for name, value in model.named_parameters() if value.requires_grad}
        self.reached = set()
        self.handles = [
            value.register_post_accumulate_grad_hook(self._record(name)) for name, value in self.trainable.items()
        ]

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if not self.handles or not runner.optim_wrapper.should_update():
            return
        self.after_train(runner)
        device = next(iter(self.trainable.values())).device
        reached = torch.tensor([float(name in self.reached) for name in self.trainable], device=device)
        all_reduce(reached, op='min')
        unused = [name for name, used in zip(self.trainable, reached.tolist(), strict=True) if not used]
        if not unused:
            return
        what = f'no loss depends on {", ".join(common_parts(unused, list(self.trainable)))}'
        remedy = 'remove it (fewer out_indices of the backbone), connect it (in_index of the head) or freeze it'
        if is_model_wrapper(runner.model) and not runner.model.find_unused_parameters:
            replicated = isinstance(runner.model, DistributedDataParallel)
            option = '; or set --cfg-options find_unused_parameters=True' if replicated else ''
            raise ConfigError(
                f'{what}, and with several processes every parameter must get a gradient: {remedy}{option}'
            )
        runner.logger.warning(f'{what}, which does not learn: {remedy}')

    def after_train(self, runner) -> None:
        """Remove the hooks of the parameters."""
        for handle in self.handles:
            handle.remove()
        self.handles = []

    def _record(self, name: str) -> Callable[[Tensor], None]:
        def reach(parameter: Tensor) -> None:
            self.reached.add(name)

        return reach


def common_parts(unused: Sequence[str], every: Sequence[str]) -> list[str]:
    """Summarize dotted names by their longest common modules, such as ``'backbone.stage_3 (12 parameters)'``."""
    chosen = set(unused)
    parts: Counter[str] = Counter()
    for name in unused:
        parts[
            next(
                part
                for part in accumulate(name.split('.'), '{}.{}'.format)
                if all(other in chosen for other in every if f'{other}.'.startswith(f'{part}.'))
            )
        ] += 1
    return [f'{part} ({count} parameters)' if count > 1 else part for part, count in parts.items()]
