"""A label setting that shows the labels of some tasks and hides all others."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class OnlyLabels:
    """Show all labels of the listed tasks and no others, for example video frames with depth only.

    Args:
        names: Names of the tasks; empty if all labels come from a transform such as `LoadPseudoLabels`.

    Raises:
        ConfigError: The dataset has no label of a listed task.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        unknown = [name for name in self.names if name not in tasks]
        if unknown:
            raise ConfigError(f'OnlyLabels.names: unknown tasks {", ".join(unknown)}; the tasks are {", ".join(tasks)}')
        listed = [task for task in tasks if task in self.names]
        return [tuple(filter(record.label_names().__contains__, listed)) for record in records]
