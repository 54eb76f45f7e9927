"""A label setting that hides all labels."""

from collections.abc import Sequence

from mmmtl.datasets.records import Record
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class NoLabels:
    """Show no label, for training with consistency losses only; the dataset needs no labels."""

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return no task for each record."""
        return [() for _ in records]
