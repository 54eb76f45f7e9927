"""Guess the kind of the labels of a folder; if the files do not show it, raise an error that names the option."""

import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmtl.datasets.label_readers.folder_labels import KINDS
from mmmtl.errors import ConfigError
from mmmtl.files.class_table import read_class_table
from mmmtl.files.required_files import visible_files
from mmmtl.new_project.folder_content import FolderContent

TASK_OF_KIND = {'classes': 'SemSeg', 'colours': 'SemSeg', 'depth': 'Depth', 'disparity': 'Depth', 'normals': 'Normal'}
TASK_OF_KIND |= {'edges': 'Edge'}
NAME_OF_TASK = {'SemSeg': 'semseg', 'Depth': 'depth', 'Normal': 'normal', 'Edge': 'edge', 'Saliency': 'saliency'}
OWN_OPTIONS = ('kind', 'task', 'name', 'classes')  # of the command, beside those of the kind
DEPTH_IN_METRES = 0.1, 200.0  # range of a plausible median depth


@dataclass
class LabelGuess:
    """The labels of one folder.

    Args:
        folder: Folder below the root.
        kind: A kind of `FolderDataset`.
        task: Class of the task.
        name: Name of the task.
        options: Options of the kind.
        task_options: Arguments of the task, as Python text.
        reasons: The reason for each guess, for the user.
    """

    folder: str
    kind: str
    task: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    task_options: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


def guess_label(root: Path, folder: str, content: FolderContent, stated: Mapping[str, Any]) -> LabelGuess:
    """Guess kind, task and options of the labels of a folder.

    Args:
        root: Root of the dataset.
        folder: Folder below the root.
        content: Content of its files.
        stated: Options that the user states, which are not guessed.

    Raises:
        ConfigError: Something cannot be guessed, or a stated option is unknown.
        DataError: A file of class names or colours has a different format.
    """
    kind, reason = (stated['kind'], 'as stated') if 'kind' in stated else _kind(folder, content, stated)
    if kind not in KINDS:
        raise ConfigError(f'--label {folder}.kind: must be one of {", ".join(KINDS)} or none, found {kind!r}')
    known = (*OWN_OPTIONS, *KINDS[kind].required, *KINDS[kind].optional)
    unknown = next((key for key in stated if key not in known), None)
    if unknown is not None:
        raise ConfigError(f'--label {folder}.{unknown}: labels of kind {kind!r} have the options {", ".join(known)}')
    task = stated.get('task') or TASK_OF_KIND.get(kind) or _binary_task(folder, kind)
    if task not in NAME_OF_TASK:
        raise ConfigError(f'--label {folder}.task: must be one of {", ".join(NAME_OF_TASK)}, found {task!r}')
    name = str(stated.get('name') or NAME_OF_TASK[task])
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ConfigError(f'--label {folder}.name: must be a name of letters, digits and underscores, found {name!r}')
    guess = LabelGuess(folder, kind, task, name, reasons=[reason])
    guess.options = {key: value for key, value in stated.items() if key not in OWN_OPTIONS}
    missing = [key for key in KINDS[kind].required if key not in guess.options and key != 'table']
    if missing:
        values = ' '.join(f'{folder}.{key}=NUMBER' for key in missing)
        raise ConfigError(f'{root / folder}: holds {kind}, which needs {" and ".join(missing)}; add --label {values}')
    if kind == 'depth':
        _guess_depth(root, content, guess)
    if kind in ('classes', 'edges', 'binary') and 255 in content.values and _is_mark(kind, content):
        guess.options.setdefault('void', 255)
        guess.reasons.append('255 marks pixels without label')
    if task == 'SemSeg':
        _guess_classes(root, content, guess, stated)
    return guess


def _kind(folder: str, content: FolderContent, stated: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind and the evidence for it."""
    name, floating = folder.lower(), content.dtype.startswith('float')
    if content.channels == 3 and 'normal' in name:
        return 'normals', f'three channels of {content.dtype}, and the name'
    if content.channels == 3 and content.dtype == 'uint8' and content.has_few_values:
        return 'colours', f'{len(content.values)} colours'
    if content.channels == 1 and ('disp' in name or 'depth' in name):
        if content.dtype in ('uint8', 'bool'):
            raise ConfigError(
                f'{folder}: files of 8 bits, which are a visualization of depth rather than depth; export it with 16 '
                f'bits or as floating point, or skip the folder with --label {folder}.kind=none'
            )
        return 'disparity' if 'disp' in name else 'depth', f'{content.dtype}, and the name'
    if content.channels == 1 and content.dtype in ('uint8', 'bool'):
        if any(word in name for word in ('edge', 'bound', 'contour')):
            return ('binary' if len(content.values) <= 2 else 'edges'), 'the name'
        if any(word in name for word in ('salien', 'salient')) and len(content.values) <= 3:
            return 'binary', 'the name'
        if not set(content.values) <= {0, 1, 255} or 'classes' in stated:
            return 'classes', f'{len(content.values)} values of {content.dtype}'
    if content.channels == 1 and not floating and content.has_few_values and content.dtype not in ('uint8', 'bool'):
        return 'classes', f'{len(content.values)} values of {content.dtype}'
    values = ', '.join(f'{value:g}' for value in content.values[:4])
    what = f'{content.dtype}, {content.channels} channel(s), values {values}, ...'
    raise ConfigError(
        f'{folder}: cannot tell what kind of label this is ({what}): set --label {folder}.kind=KIND, where KIND is '
        f'{", ".join(KINDS)}, or none to skip the folder'
    )


def _binary_task(folder: str, kind: str) -> str:
    if any(word in folder.lower() for word in ('edge', 'bound', 'contour')):
        return 'Edge'
    if 'salien' in folder.lower():
        return 'Saliency'
    raise ConfigError(
        f'{folder}: cannot tell the task of labels of kind {kind!r}; state it: --label {folder}.task=TASK with '
        f'{", ".join(NAME_OF_TASK)}'
    )


def _is_mark(kind: str, content: FolderContent) -> bool:
    """Return whether 255 is a mark of void rather than the upper end of a scale."""
    others = [value for value in content.values if value != 255]
    return max(others, default=255) < 128 if kind == 'classes' else set(others) == {0, 1}


def _guess_depth(root: Path, content: FolderContent, guess: LabelGuess) -> None:
    integers = not content.dtype.startswith('float')
    if 'scale' not in guess.options and integers:
        guess.options['scale'] = 1e-3
    scale = guess.options.get('scale', 1.0)
    median, stated = content.median * scale, f'--label {guess.folder}.scale=METRES_PER_UNIT'
    if not DEPTH_IN_METRES[0] <= median <= DEPTH_IN_METRES[1]:
        raise ConfigError(
            f'{root / guess.folder}: the median depth would be {median:.3g} m with a scale of {scale:g}; state {stated}'
        )
    guess.options.setdefault('void', (0, 65535) if integers else 0 if content.finite else (0, math.nan, math.inf))
    guess.reasons.append(f'median depth {median:.3g} m with the scale {scale:g}; if this is wrong, state {stated}')


def _guess_classes(root: Path, content: FolderContent, guess: LabelGuess, stated: Mapping[str, Any]) -> None:
    """Set the classes of the task, and the colour table."""
    key = 'table' if guess.kind == 'colours' else 'classes'
    file = stated.get(key) or _file_of_classes(root, guess.folder, colours=guess.kind == 'colours')
    if file is not None:
        table = read_class_table(root / file)
        guess.task_options['classes'] = repr(str(root / file))
        guess.reasons.append(f'{len(table.names)} classes from {file}')
        if guess.kind == 'colours':
            guess.options['table'] = str(file)
        return
    if guess.kind == 'colours':
        raise ConfigError(
            f'{root / guess.folder}: holds {len(content.values)} colours, but {root} has no CSV file with lines '
            f'NAME,RED,GREEN,BLUE; write one, or state --label {guess.folder}.table=FILE'
        )
    indices = [value for value in content.values if value != guess.options.get('void')]
    if indices and min(indices) + guess.options.get('offset', 0) < 0:
        raise ConfigError(
            f'{root / guess.folder}: has the value {min(indices):g}, which is not a class index; if it marks pixels '
            f'without label, state --label {guess.folder}.void={min(indices):g}'
        )
    count = 2 if guess.kind == 'binary' else int(max(indices, default=0) + guess.options.get('offset', 0)) + 1
    if not 2 <= count <= max(2 * len(indices), 4):
        raise ConfigError(
            f'{root / guess.folder}: the values {", ".join(f"{value:g}" for value in indices[:8])} do not look like '
            f'class indices; write a file with one class name per line, and state --label {guess.folder}.classes=FILE'
        )
    guess.task_options['classes'] = f"[f'class_{{index}}' for index in range({count})]"
    guess.reasons.append(
        f'{count} classes without names, as {content.num_files_read} files have values up to {count - 1}; for '
        'names, write classes.txt with one per line'
    )


def _file_of_classes(root: Path, folder: str, *, colours: bool) -> str | None:
    """Return the only file of class names or colours in the root.

    Raises:
        ConfigError: There are several.
    """
    found = [path.name for path in visible_files(root, '*.csv')] if colours else []
    if not colours:
        names = ('classes.txt', 'classes.csv', 'labels.txt', 'names.txt', 'class_names.txt', f'{folder}.txt')
        found = [name for name in names if (root / name).is_file()]
    if len(found) > 1:
        key = 'table' if colours else 'classes'
        raise ConfigError(f'{root}: {", ".join(found)} may hold the classes; state --label {folder}.{key}=FILE')
    return found[0] if found else None
