"""Select a checkpoint on a held-out slice of the training set, without using test images."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmmtl.checkpoints.latest_checkpoint import latest_checkpoint
from mmmtl.datasets import HoldOutSplit
from mmmtl.errors import CheckpointError, ConfigError


def selection_options(
    config: Config, fraction: float, metric: str, higher_is_better: bool, seed: int = 0
) -> dict[str, Any]:
    """Return options for `load_config` that hold out training scenes, validate on them and keep the best checkpoint.

    Args:
        config: From `load_config`, with one training dataset.
        fraction: Fraction of the training scenes to hold out, in (0, 1).
        metric: ``task/metric`` that selects the checkpoint.
        higher_is_better: Whether a higher value of it is better.
        seed: Seed that draws the slice; not the seed of the run, so that all runs select on the same images.

    Raises:
        ConfigError: The config has no validation, or its training dataset has several parts.
    """
    train = plain_config(config.train_dataloader.dataset)
    if 'parts' in train:
        raise ConfigError(
            'train_dataloader.dataset: a ConcatDataset is held out part by part; set '
            'held_out=dict(type=HoldOutSplit) of its parts'
        )
    if not config.get('val_dataloader'):
        raise ConfigError('val_dataloader: there is none, but selecting a checkpoint needs a validation; add one')
    pipeline = plain_config(config.val_dataloader.dataset)['pipeline']
    held_out = {'type': HoldOutSplit, 'fraction': fraction, 'seed': seed}
    once = {'without_label': 'drop'} if train.get('without_label') == 'replace' else {}  # evaluate each image once
    return {
        'train_dataloader.dataset': {'_delete_': True, **train, 'held_out': held_out},
        'val_dataloader.dataset': {
            '_delete_': True,
            **train,
            **once,
            'pipeline': pipeline,
            'held_out': {**held_out, 'give': 'slice'},
        },
        'default_hooks.checkpoint': {
            '_delete_': True,
            **plain_config(config.default_hooks.checkpoint),
            'save_best': metric,
            'rule': 'greater' if higher_is_better else 'less',
        },
    }


def reported_checkpoint(config: Config, work_dir: str | Path) -> Path:
    """Return the checkpoint to test and report: the best one if the config keeps it (``save_best``), else the last.

    Raises:
        CheckpointError: It does not exist.
    """
    best = config.get('default_hooks', {}).get('checkpoint', {}).get('save_best')
    if not best:
        found = latest_checkpoint(work_dir)
    else:
        name = re.escape(f'best_{best}_'.replace('/', '_')) + r'(?:epoch|iter)_(\d+)\.pth'
        matches = [
            (int(match[1]), path)
            for path in Path(work_dir).glob('best_*.pth')
            if (match := re.fullmatch(name, path.name))
        ]
        found = max(matches)[1] if matches else None
    if found is None:
        missing = f'best checkpoint by {best}' if best else 'checkpoint'
        raise CheckpointError(f'{work_dir}: has no {missing}; train first')
    return found


def plain_config(node: Any) -> Any:
    """Return a copy of a part of a config as plain dicts, lists and tuples, with lazy imports resolved."""
    if isinstance(node, Mapping):
        return {key: plain_config(value) for key, value in node.items()}
    return type(node)(plain_config(value) for value in node) if isinstance(node, list | tuple) else node
