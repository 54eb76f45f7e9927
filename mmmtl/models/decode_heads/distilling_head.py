"""Base class of the heads that predict each task twice and exchange messages in between."""

from collections.abc import Mapping, Sequence

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.decode_head import DecodeHead
from mmmtl.tasks import Task


class DistillingHead(DecodeHead):
    """Base class of `PADNetHead` and `MTINetHead`: initial predictions, messages between tasks, final predictions.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        auxiliary: Tasks that are trained only to help the others: they send messages and receive none, and their final
            logits are the initial ones. Leave them out of the evaluators' ``tasks`` if they shall not be scored.
        messages: Whether tasks exchange messages.
        earlier_weight: Factor of the losses of the initial predictions.

    Raises:
        ConfigError: An auxiliary task is unknown, or no task remains.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        auxiliary: Sequence[str],
        messages: bool,
        earlier_weight: float,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        name = type(self).__name__
        if unknown := sorted(set(auxiliary) - set(tasks)):
            raise ConfigError(f'{name}.auxiliary: unknown tasks {", ".join(unknown)}; the tasks are {", ".join(tasks)}')
        self.auxiliary, self.messages, self.earlier_weight = tuple(auxiliary), messages, earlier_weight
        self.final_tasks = {task: value for task, value in self.tasks.items() if task not in auxiliary}
        if not self.final_tasks:
            raise ConfigError(f'{name}.auxiliary lists all tasks; at least one must receive messages')
