"""Label settings that are given, not drawn: everything, or what a table says."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import hint
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class AllLabels:
    """Every label that exists is shown."""

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        return [tuple(task for task in tasks if task in record.label_names()) for record in records]


@DATASETS.register_module()
class LabelTable:
    """A JSON table says which labels are shown; published ones come with the package.

    Two forms. By row, row i being record i of the split, 1 = shown::

        {"tasks": ["semseg", "depth"], "labelled": ["10", "01", ...]}

    By name; a record that is not named shows nothing::

        {"labelled": {"semseg": ["2008_000008", ...], "edge": [...]}}

    Columns of tasks that are not learnt are passed over, and what the data set has no label for stays absent.

    Args:
        table: A file (``*.json``), or the name of a published one: ``'nyuv2_onelabel'``, ``'nyuv2_randomlabels'``,
            ``'cityscapes_onelabel'``, ``'pascal_onelabel'``, ``'pascal_randomlabels'``, those of MTPSL (Li, Liu,
            Bilen, CVPR 2022).

    Raises:
        ConfigError: There is no such table, or it does not know a task that is learnt.
        DataError: The table is damaged, has another number of rows than the split has records, or names others.
    """

    def __init__(self, table: str) -> None:
        self.path = table_path(table)
        try:
            content = json.loads(read_text(self.path))
            self.labelled = content['labelled']
            self.tasks = list(self.labelled if isinstance(self.labelled, dict) else content['tasks'])
            lists = self.labelled.values() if isinstance(self.labelled, dict) else [self.labelled]
            if not all(
                isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)
                for entries in (self.tasks, *lists)
            ):
                raise TypeError('tasks and labelled must hold lists of texts')
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f'{self.path}: expected a table of labels ({type(error).__name__}: {error}); restore the file'
            ) from None

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        unknown = [task for task in tasks if task not in self.tasks]
        if unknown:
            raise ConfigError(
                f'{self.path}: says nothing of {", ".join(unknown)}, only of {", ".join(self.tasks)}; '
                'leave the task out, or take another table'
            )
        rows = self._by_name(records) if isinstance(self.labelled, dict) else self._by_row(records)
        return [
            tuple(task for task in tasks if task in row & record.label_names())
            for row, record in zip(rows, records, strict=True)
        ]

    def _by_row(self, records: Sequence[Record]) -> list[set[str]]:
        if len(self.labelled) != len(records):
            raise DataError(
                f'{self.path}: has {len(self.labelled)} rows, but the split has {len(records)} images; '
                'take the table of this split'
            )
        for number, row in enumerate(self.labelled):
            if len(row) != len(self.tasks) or set(row) - {'0', '1'}:
                raise DataError(
                    f'{self.path}: row {number} is {row!r}, expected {len(self.tasks)} times 0 or 1; restore the file'
                )
        return [{task for task, mark in zip(self.tasks, row, strict=True) if mark == '1'} for row in self.labelled]

    def _by_name(self, records: Sequence[Record]) -> list[set[str]]:
        rows: dict[str, set[str]] = {record.name: set() for record in records}
        for task, names in self.labelled.items():
            unknown = [name for name in names if name not in rows]
            if unknown:
                raise DataError(
                    f'{self.path}: {len(unknown)} of the {len(names)} images with {task} are not in the '
                    f'split, the first is {unknown[0]}{hint(unknown[0], rows)}; take the table of this '
                    'split'
                )
            for name in names:
                rows[name].add(task)
        return [rows[record.name] for record in records]


def table_path(table: str) -> Path:
    """The file of a table.

    Raises:
        ConfigError: There is none.
    """
    if table.endswith('.json'):
        if not Path(table).is_file():
            raise ConfigError(f'LabelTable.table: {table}: no such file')
        return Path(table)
    published = {Path(str(file)).stem: Path(str(file)) for file in (files('mmmtl') / 'datasets/label_splits').iterdir()}
    if table not in published:
        raise ConfigError(
            f'LabelTable.table: {table!r} is none of the published ones '
            f'({", ".join(sorted(published))}); a table of your own is named by its file, TABLE.json'
        )
    return published[table]
