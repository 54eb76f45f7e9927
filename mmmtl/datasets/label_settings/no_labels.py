"""A label setting that hides all labels."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class NoLabels:
    """Show no label, for a training by consistency losses alone; the data set may have none."""

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return no task for each record."""
        return [() for _ in records]
