"""A label setting that shows some tasks and keeps back all others."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class OnlyLabels:
    """Every label of the named tasks is shown, none of any other: video frames with depth alone, for example.

    Args:
        names: Of the tasks.

    Raises:
        ConfigError: None of them is labelled.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        wanted = [task for task in tasks if task in self.names]
        if not wanted:
            raise ConfigError(f'OnlyLabels.names: there is no label of {", ".join(self.names) or "any task"}, only of '
                              f'{", ".join(tasks)}')
        return [tuple(task for task in wanted if task in record.label_names()) for record in records]
