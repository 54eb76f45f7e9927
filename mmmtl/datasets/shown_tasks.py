"""A label setting by task: some tasks show all their labels, the others none."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class ShownTasks:
    """Every label of the named tasks is shown; those of all others stay hidden, e.g. where they are learnt from stereo.

    Args:
        names: Of tasks of the config.

    Raises:
        ConfigError: The data set has no label of a named task.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        unknown = [name for name in self.names if name not in tasks]
        if unknown:
            raise ConfigError(f'ShownTasks.names: no label for {", ".join(unknown)}; there are {", ".join(tasks)}')
        return [tuple(task for task in self.names if task in record.label_names()) for record in records]
