"""Base class of the heads that predict each task twice and exchange messages in between."""

import math
from collections.abc import Mapping, Sequence

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.decode_head import DecodeHead
from mmmtl.tasks import Task


class DistillingHead(DecodeHead):
    """Base class of `PADNetHead` and `MTINetHead`: intermediate predictions, messages between tasks, final predictions.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        auxiliary: Tasks that are trained only to help the others: they send messages and receive none, and their final
            logits are the initial ones. To exclude them from the scores, list them in ``unscored`` of
            `MultiTaskMetric`.
        messages: Whether tasks exchange messages.
        intermediate_weight: Factor of the losses of the intermediate predictions, above 0.

    Raises:
        ConfigError: An auxiliary task is unknown, no task remains, ``intermediate_weight`` is not above 0, or the
            features are not ordered from fine to coarse.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        auxiliary: Sequence[str],
        messages: bool,
        intermediate_weight: float,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        name = type(self).__name__
        if isinstance(auxiliary, str):
            raise ConfigError(f'{name}.auxiliary must be a list of tasks, found {auxiliary!r}; write [{auxiliary!r}]')
        if unknown := sorted(set(auxiliary) - set(tasks)):
            raise ConfigError(f'{name}.auxiliary: unknown tasks {", ".join(unknown)}; the tasks are {", ".join(tasks)}')
        if not 0 < intermediate_weight < math.inf:  # with 0, the intermediate predictions would get no gradient
            raise ConfigError(f'{name}.intermediate_weight must be above 0, found {intermediate_weight}')
        if list(strides) != sorted(strides):
            raise ConfigError(f'{name} needs features from fine to coarse, but their strides are {tuple(strides)}')
        self.auxiliary, self.messages, self.intermediate_weight = tuple(auxiliary), messages, intermediate_weight
        self.final_tasks = {task: value for task, value in self.tasks.items() if task not in auxiliary}
        if not self.final_tasks:
            raise ConfigError(f'{name}.auxiliary lists all tasks; at least one must receive messages')
