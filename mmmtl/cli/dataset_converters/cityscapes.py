"""Unpack and check the zip archives of Cityscapes, and write MTAN's arrays with 7 classes.

SRC is the folder with the archives from cityscapes-dataset.com: leftImg8bit_trainvaltest.zip, gtFine_trainvaltest.zip
and, if they exist, rightImg8bit_, disparity_ and camera_trainvaltest.zip. DST becomes the tree that the dataset
Cityscapes reads; with SRC = DST, an unpacked tree is checked. --mtan writes what the dataset CityscapesMTAN reads:
128 x 256, the disparity divided by 65535, and the 19 evaluated classes in their 7 categories. The images of a split
are in the order of their names; the published arrays are shuffled, so equal numbers do not belong to the same image.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='folder with the zip archives, or DST again if it is unpacked')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    parser.add_argument('--mtan', type=Path, metavar='DIR', help="also write MTAN's arrays there")


def run(args: argparse.Namespace) -> None:
    """Unpack and check the archives, and write the arrays with ``--mtan``."""
    from mmmtl.dataset_converters.cityscapes import check_tree, cityscapes_path, write_cityscapes_mtan
    from mmmtl.dataset_converters.unpacking import find_archives, unpack
    from mmmtl.files.output_folder import Output

    if args.src.absolute() != args.dst.absolute():
        output = Output(args.dst)
        unpack(find_archives(args.src), output, cityscapes_path)
        output.report()
    check_tree(args.dst)
    if args.mtan:
        output = Output(args.mtan)
        write_cityscapes_mtan(args.dst, output)
        output.report()
