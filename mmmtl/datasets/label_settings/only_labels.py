"""A label setting that shows some tasks and keeps back all others."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class OnlyLabels:
    """Every label of the named tasks is shown, none of any other: video frames with depth alone, for example.

    Args:
        names: Of the tasks; none where all that is learnt is brought by a transform, such as pseudo labels.

    Raises:
        ConfigError: The data set has no label of a named task.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        unknown = [name for name in self.names if name not in tasks]
        if unknown:
            raise ConfigError(
                f'OnlyLabels.names: there is no label of {", ".join(unknown)}, only of {", ".join(tasks)}'
            )
        return [
            tuple(task for task in tasks if task in self.names and task in record.label_names()) for record in records
        ]
