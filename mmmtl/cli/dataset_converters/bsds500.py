"""Convert BSDS500's official files to folders for BSDS500Fractions: two thirds of the size, all annotators merged.

SRC is BSDS500/data of the archive (github.com/BIDS/BSDS500). An image of 321 x 481 becomes 216 x 320, an upright
one 320 x 216, JPEG of quality 90. A pixel of the small map is a boundary of an annotator if more than a fifth of it
is marked; the map is the fraction of annotators, 0..255. The dataset BSDS500 reads the official files without
conversion.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='folder that holds images and groundTruth')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')


def run(args: argparse.Namespace) -> None:
    """Convert the images and boundary maps."""
    from mmmtl.dataset_converters.bsds500 import convert_bsds500
    from mmmtl.files.output_folder import Output, existing

    existing(args.src / 'images', 'BSDS500/data')
    existing(args.src / 'groundTruth', 'BSDS500/data')
    output = Output(args.dst)
    convert_bsds500(args.src, output)
    output.report()
