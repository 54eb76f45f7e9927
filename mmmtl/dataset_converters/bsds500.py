"""Convert the official files of BSDS500 to the folders that `BSDS500Fractions` reads.

Images are reduced to two thirds of their size, and the boundaries of all annotators are merged.

``mmmtl convert-dataset bsds500 --help`` describes the source and the result.
"""

from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.unpacking import jpeg, shrink
from mmmtl.datasets.benchmarks.bsds500 import COUNTS, AnnotatedBoundaries
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output, existing
from mmmtl.files.reading import read_image
from mmmtl.files.required_files import visible_files

SHORT, LONG = 216, 320
MIN_MARKED = 0.2  # fraction of the area of an output pixel that an annotator must have marked


def convert_bsds500(source: Path, output: Output) -> None:
    """Convert all splits that exist below ``source``.

    Raises:
        DataError: Boundaries are missing or damaged, or differ in size from their image.
    """
    for split in [split for split in COUNTS if (source / 'images' / split).is_dir()]:
        images = visible_files(source / 'images' / split, '*.jpg')
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
            output.write(names[1], boundary_fraction(maps, size))
        print(f'{split}: {len(images)} of {COUNTS[split]} images')


def boundary_fraction(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the fraction of annotators that marked each pixel, times 255.

    Args:
        maps: Boundaries (A, H, W) bool of A annotators.
        size: Output size (h, w).

    Returns:
        (h, w) uint8.
    """
    marked = [shrink(one.astype(np.float32), size) > MIN_MARKED for one in maps]
    return np.round(255 * np.mean(marked, axis=0)).astype(np.uint8)
