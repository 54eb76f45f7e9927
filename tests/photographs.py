"""Photographs in the layout of NYUv2's arrays, for configs of NYUv2."""

from pathlib import Path

import cv2
import numpy as np


def nyuv2_arrays(photographs: list[Path], root: Path) -> list[str]:
    """``root/train/{image,depth}/{i}.npy`` of 288 x 384, the depth unknown; the options that make a config take it."""
    for folder in ('image', 'depth'):
        (root / 'train' / folder).mkdir(parents=True)
    for number, path in enumerate(photographs):
        image = cv2.resize(cv2.imread(str(path))[..., ::-1], (384, 288), interpolation=cv2.INTER_AREA)
        np.save(root / 'train' / 'image' / f'{number}.npy', (image / 255).astype(np.float32))
        np.save(root / 'train' / 'depth' / f'{number}.npy', np.zeros((288, 384, 1), np.float32))
    return [f'train_dataloader.dataset.root={root}', 'train_dataloader.dataset.partial=True']
