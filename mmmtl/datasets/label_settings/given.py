"""Fixed label settings: all labels, or those that a file lists."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import similar_name_hint
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class AllLabels:
    """Show all labels."""

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        return [tuple(filter(record.label_names().__contains__, tasks)) for record in records]


@DATASETS.register_module()
class LabelList:
    """Show the labels that a JSON file lists; the lists of published settings are included.

    There are two formats. By row, where row i belongs to record i of the split and 1 means shown::

        {"tasks": ["semseg", "depth"], "labelled": ["10", "01", ...]}

    By name; records that are not listed show no label::

        {"labelled": {"semseg": ["2008_000008", ...], "edge": [...]}}

    Tasks that are not learnt, and labels that the dataset does not have, are ignored.

    Args:
        file: A file (``*.json``), or the name of a published list: ``'nyuv2_onelabel'``, ``'nyuv2_randomlabels'``,
            ``'cityscapes_onelabel'``, ``'pascal_onelabel'``, ``'pascal_randomlabels'``, all from MTPSL (Li,
            Liu and Bilen, CVPR 2022).

    Raises:
        ConfigError: There is no such list, or it lacks a task that is learnt.
        DataError: The file is damaged, or does not match the records of the split.
    """

    def __init__(self, file: str) -> None:
        self.path = list_path(file)
        try:
            content = json.loads(read_text(self.path))
            self.labelled = content['labelled']
            self.tasks = list(self.labelled if isinstance(self.labelled, dict) else content['tasks'])
            lists = self.labelled.values() if isinstance(self.labelled, dict) else [self.labelled]
            if not all(
                isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)
                for entries in (self.tasks, *lists)
            ):
                raise TypeError('tasks and labelled must hold lists of strings')
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f'{self.path}: expected a list of labels ({type(error).__name__}: {error}); restore the file'
            ) from None

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        unknown = [task for task in tasks if task not in self.tasks]
        if unknown:
            raise ConfigError(
                f'{self.path}: has no entry for {", ".join(unknown)}, only for {", ".join(self.tasks)}; '
                'remove the task, or use a different list'
            )
        rows = self._by_name(records) if isinstance(self.labelled, dict) else self._by_row(records)
        return [
            tuple(filter((row & record.label_names()).__contains__, tasks))
            for row, record in zip(rows, records, strict=True)
        ]

    def _by_row(self, records: Sequence[Record]) -> list[set[str]]:
        if len(self.labelled) != len(records):
            raise DataError(
                f'{self.path}: has {len(self.labelled)} rows, but the split has {len(records)} images; '
                'use the list of this split'
            )
        for index, row in enumerate(self.labelled):
            if len(row) != len(self.tasks) or set(row) - {'0', '1'}:
                raise DataError(
                    f'{self.path}: row {index} is {row!r}, expected {len(self.tasks)} digits 0 or 1; restore the file'
                )
        return [{task for task, mark in zip(self.tasks, row, strict=True) if mark == '1'} for row in self.labelled]

    def _by_name(self, records: Sequence[Record]) -> list[set[str]]:
        rows: dict[str, set[str]] = {record.name: set() for record in records}
        for task, names in self.labelled.items():
            unknown = [name for name in names if name not in rows]
            if unknown:
                raise DataError(
                    f'{self.path}: {len(unknown)} of the {len(names)} images with {task} are not in the '
                    f'split, the first is {unknown[0]}{similar_name_hint(unknown[0], rows)}; use the list of this '
                    'split'
                )
            for name in names:
                rows[name].add(task)
        return [rows[record.name] for record in records]


def list_path(file: str) -> Path:
    """Return the path of a file, or of a published list.

    Raises:
        ConfigError: There is no such list.
    """
    if file.endswith('.json'):
        if not Path(file).is_file():
            raise ConfigError(f'LabelList.file: {file}: no such file')
        return Path(file)
    paths = (Path(str(path)) for path in (files('mmmtl') / 'datasets/label_splits').iterdir())
    published = {path.stem: path for path in paths}
    if file not in published:
        raise ConfigError(
            f'LabelList.file: {file!r} is not a published list '
            f'({", ".join(sorted(published))}); pass your own list as a file, NAME.json'
        )
    return published[file]
