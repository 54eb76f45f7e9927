"""Real photographs of rooms with masks and depth, in the layout of the tutorial on own data."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from mmmtl.datasets.benchmarks.nyu_classes import CLASSES_13


def write_photographs(nyuv2: Path, root: Path) -> Path:
    """Write photographs as JPEG, class masks of some of them, and 16-bit depth in millimetres of others.

    Args:
        nyuv2: Folder with ``rgb``, ``label13`` (0 for unlabelled) and ``depth``.
        root: Folder to create.
    """
    for folder in ('images', 'masks', 'depth'):
        (root / folder).mkdir(parents=True)
    for path in sorted((nyuv2 / 'rgb').glob('*.png')):
        Image.open(path).convert('RGB').save(root / 'images' / f'{path.stem}.jpg', quality=95)
    for path in sorted((nyuv2 / 'label13').glob('*.png')):
        classes = np.array(Image.open(path))
        Image.fromarray(np.where(classes > 0, classes - 1, 255).astype(np.uint8)).save(root / 'masks' / path.name)
    for path in sorted((nyuv2 / 'depth').glob('*.png')):
        shutil.copyfile(path, root / 'depth' / path.name)
    (root / 'classes.txt').write_text('\n'.join(CLASSES_13))
    return root
