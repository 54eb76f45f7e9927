"""Small tables on generated rooms of 192 x 256, one label per image: rows of ``rooms.py``."""

import os
import tempfile
from pathlib import Path

import cv2  # noqa: F401  the data needs it; without it, the part is skipped before it starts
import embreex  # noqa: F401  renders the rooms
import torch

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.registry import DATASETS

NARROW = (8, 8, 8, 16, 16)  # SegNet in a dry run
TABLE = Path(__file__).with_name('rooms.py')


def configuration(row: str, seed: int, dry_run: bool):
    """Return the config of a row; in a dry run, two scenes of 64 x 96 and one epoch."""
    options = {
        'default_hooks.checkpoint.interval': -1,
        'default_hooks.checkpoint.save_last': False,
        'val_cfg': None,
        'val_dataloader': None,
        'val_evaluator': None,
        'randomness.seed': seed,
        'train_dataloader.num_workers': 0 if dry_run else min(12, os.cpu_count() or 1),
        'test_dataloader.num_workers': 0 if dry_run else min(4, os.cpu_count() or 1),
    }
    for loader in ('train_dataloader', 'test_dataloader'):
        options[f'{loader}.dataset.size'] = (64, 96) if dry_run else (192, 256)
        if dry_run:
            options |= {f'{loader}.dataset.scenes': 2, f'{loader}.batch_size': 4}
    if dry_run:
        options |= {'train_cfg.max_epochs': 1}
    if dry_run and row.startswith('segnet'):
        options |= {'model.backbone.widths': NARROW}
    if dry_run and row == 'segnet_cross_task':
        options |= {'model.consistency_losses.cross_task.space': dict(widths=NARROW)}
    return load_config(f'{TABLE}::{row}', options)


def render(dry_run: bool) -> dict:
    """Render the training and test rooms."""
    config = configuration('segnet_supervised', 0, dry_run)
    return {
        'numbers': {
            f'{loader} views': len(DATASETS.build(config[loader].dataset))
            for loader in ('train_dataloader', 'test_dataloader')
        }
    }


def rooms(dry_run: bool, row: str, seed: str) -> dict:
    """Train a row, and test it."""
    config = configuration(row, int(seed), dry_run)
    with tempfile.TemporaryDirectory() as folder:
        config.work_dir, config.log_level = folder, 'WARNING'
        runner = MultiTaskRunner.from_cfg(config)
        runner.train()
        scores = runner.test()
    numbers = {name: float(value) for name, value in scores.items() if '/IoU/' not in name}  # the mean is enough
    if torch.cuda.is_available():
        numbers['peak MiB'] = torch.cuda.max_memory_allocated() / 2**20
    return {'numbers': numbers}
