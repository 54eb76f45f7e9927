"""Write the config of a project."""

import math
import re
from typing import Any

from mmmtl.new_project.project import Project

MAX_LINES = 25
DEFAULT_SIZE = 240, 320  # of the base config


def config_text(project: Project, *, pretrained: bool) -> str:
    """Return the text of a config that inherits ``mmmtl.configs._base_.own_data``.

    Args:
        project: Folders, labels and options of the project.
        pretrained: Whether the encoder starts from ImageNet weights.
    """
    types = sorted({label.task for label in project.labels})
    tasks = [
        f'    {label.name}=dict({", ".join([f"type={label.task}", *_texts(label.task_options)])}),'
        for label in project.labels
    ]
    labels = [
        f'    {label.name}=dict({_arguments({"folder": label.folder, "kind": label.kind, **label.options})}),'
        for label in project.labels
    ]
    cameras = {'cameras': project.cameras} if project.cameras else {}
    data = _arguments({'root': str(project.root), 'images': project.images, **cameras})
    train, val = _splits(project)
    lines = [
        _docstring(project.root.name),
        '',
        'from mmengine.config import read_base',
        '',
        f'from mmmtl.tasks import {", ".join(types)}',
        '',
        'with read_base():',
        '    from mmmtl.configs._base_.own_data import *',
        '',
        'tasks = dict(',
        *tasks,
        ')',
        '_labels = dict(',
        *labels,
        ')',
        f'_data = dict({data}, labels=_labels)',
        f"train_dataloader['dataset'].update(_data{train})",
        f"val_dataloader['dataset'].update(_data{val})",
        'test_dataloader = val_dataloader',
    ]
    if project.size != DEFAULT_SIZE:
        lines.append(f"trained_for['size'] = train_dataloader['dataset']['pipeline'][1]['size'] = {project.size}")
    if not pretrained:
        lines.append("model['backbone'].update(pretrained=False)")
        lines.append("optim_wrapper['optimizer'].update(lr=2e-3)")
    while len(lines) > MAX_LINES and '' in lines[1:]:
        lines.pop(len(lines) - 1 - lines[::-1].index(''))
    return '\n'.join(lines) + '\n'


def _docstring(name: str) -> str:
    """Return the docstring of the config of a folder, without what would end it or begin an escape sequence."""
    title = re.sub(r'[\\"\s]+', ' ', name).strip()
    return f'"""Images and labels of {title}, as mmmtl new-project found them; see `FolderDataset`."""'


def _splits(project: Project) -> tuple[str, str]:
    """Return the further arguments of the training and the validation data."""
    if project.val_root is not None:
        return ', held_out=None', f', root={str(project.val_root)!r}, held_out=None'
    if project.lists:
        train, val = project.lists
        return f', split={train!r}, held_out=None', f', split={val!r}, held_out=None'
    return '', ''


def _arguments(options: dict[str, Any]) -> str:
    return ', '.join(_texts({key: _text(value) for key, value in options.items()}))


def _texts(options: dict[str, str]) -> list[str]:
    return [f'{key}={text}' for key, text in options.items()]


def _text(value: Any) -> str:
    """Return a value as a Python expression, including NaN and infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, dict):
        return f'dict({_arguments(value)})'
    if isinstance(value, list | tuple):
        return f'({", ".join(map(_text, value))}{"," if len(value) == 1 else ""})'
    return repr(value)
