"""BSDS500's official files -> the folders that `BSDS500Fractions` reads: two thirds of the size, the annotators merged.

    tools/dataset_converters/bsds500.py SRC DST

SRC is ``BSDS500/data`` of the archive (github.com/BIDS/BSDS500). An image of 321 x 481 becomes 216 x 320, an upright
one 320 x 216, JPEG of quality 90. An annotator's boundary is a pixel of the small map more than a fifth of which he
marked; the map is the share of annotators, 0..255. The official files themselves are what `BSDS500` reads, without
conversion.
"""

import argparse
from pathlib import Path

import numpy as np
from conversion import Output, existing
from unpacking import jpeg, shrink

from mmmtl.cli.command_line import command
from mmmtl.datasets.benchmarks.bsds500 import COUNTS, AnnotatedBoundaries
from mmmtl.errors import DataError
from mmmtl.files.reading import read_image

SHORT, LONG = 216, 320
LEAST_MARKED = 0.2  # of a small pixel's area


def convert(source: Path, output: Output) -> None:
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
    marked = [shrink(one.astype(np.float32), size) > LEAST_MARKED for one in maps]
    return np.round(255 * np.mean(marked, axis=0)).astype(np.uint8)


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='folder that holds images and groundTruth')
    parser.add_argument('dst', type=Path, help='folder to fill; what it holds already is kept')
    args = parser.parse_args()
    existing(args.src / 'images', 'BSDS500/data')
    existing(args.src / 'groundTruth', 'BSDS500/data')
    output = Output(args.dst)
    convert(args.src, output)
    output.report()


if __name__ == '__main__':
    main()
