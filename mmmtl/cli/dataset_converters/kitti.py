"""Unpack the zip archives of KITTI to the folders that KITTI and KITTISemantics read.

SRC is the folder with the archives from cvlibs.net: of the raw data the drives (2011_09_26_drive_0001_sync.zip) and
the calibrations (2011_09_26_calib.zip), data_depth_annotated.zip, and data_semantics.zip. They become
DST/raw, DST/depth and DST/semantics. Grey images and files that no dataset of mmmtl reads are skipped.
--frames counts how many frames of a split list exist, and how many have depth.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='folder with the zip archives')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    parser.add_argument('--frames', type=Path, nargs='*', default=(), metavar='LIST', help='split lists to count')


def run(args: argparse.Namespace) -> None:
    """Unpack the archives."""
    from mmmtl.dataset_converters.kitti import count_frames, kitti_path
    from mmmtl.dataset_converters.unpacking import find_archives, unpack
    from mmmtl.files.output_folder import Output

    output = Output(args.dst)
    unpack(find_archives(args.src), output, kitti_path)
    output.report()
    for path in args.frames:
        listed, existing, labelled = count_frames(args.dst, path)
        print(f'{path}: {listed} frames, {existing} images there, {labelled} of them with depth')
