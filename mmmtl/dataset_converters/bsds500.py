"""BSDS500's official files -> the folders that `BSDS500Fractions` reads: two thirds of the size, the annotators merged.

``mmmtl convert-dataset bsds500 --help`` describes the source and the result.
"""

from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.unpacking import jpeg, shrink
from mmmtl.datasets.benchmarks.bsds500 import COUNTS, AnnotatedBoundaries
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output, existing
from mmmtl.files.reading import read_image

SHORT, LONG = 216, 320
MIN_MARKED = 0.2  # of a small pixel's area


def convert_bsds500(source: Path, output: Output) -> None:
    """All splits that are there."""
    for split in [split for split in COUNTS if (source / 'images' / split).is_dir()]:
        images = sorted((source / 'images' / split).glob('*.jpg'))
        for path in output.progress(images, split):
            names = f'{split}/{path.stem}.jpg', f'{split}/{path.stem}.png'
            if output.has(*names):
                continue
            truth = AnnotatedBoundaries(existing(source / 'groundTruth' / split / f'{path.stem}.mat', 'its boundaries'))
            image, maps = read_image(path), truth.annotators()
            if maps.shape[1:] != image.shape[:2]:
                raise DataError(
                    f'{truth.path}: boundaries of {maps.shape[1:]} for an image of {image.shape[:2]}; download it again'
                )
            size = (LONG, SHORT) if image.shape[0] > image.shape[1] else (SHORT, LONG)
            output.write(names[0], jpeg(shrink(image, size)))
            output.write(names[1], fraction(maps, size))
        print(f'{split}: {len(images)} of {COUNTS[split]} images')


def fraction(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(A, H, W) bool -> (h, w) uint8, the share of annotators times 255."""
    marked = [shrink(one.astype(np.float32), size) > MIN_MARKED for one in maps]
    return np.round(255 * np.mean(marked, axis=0)).astype(np.uint8)
