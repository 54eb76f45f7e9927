"""Convert the test pairs of DeMoN, as published by the authors of DPSNet, to scenes for PosedViews.

SRC is the folder dataset/test of github.com/sunghoonim/DPSNet. It holds folders sun3d_test_00000 etc. and
rgbd_test_00000 etc., each with two images (.jpg), two depth maps (.npy, metres, 0 = missing), cam.txt (3 x 3) and
poses.txt (two rows of 3 x 4, world to camera). The principal point is the middle of the image, (320, 240) of
640 x 480, so pixel centres are at +0.5. Without --all, only the 83 pairs of our benchmark are converted.
"""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='folder that holds sun3d_test_00000 ...')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    add_size(parser, 'images', (240, 320))
    parser.add_argument('--all', action='store_true', help='all indoor pairs, not only those of the benchmark')


def run(args: argparse.Namespace) -> None:
    """Write the scenes of the pairs."""
    from mmmtl.dataset_converters.two_view import convert_pair, find_pairs
    from mmmtl.files.output_folder import Output

    folders = find_pairs(args.src, all_pairs=args.all)
    output = Output(args.dst)
    for name in output.progress(folders, 'pairs'):
        convert_pair(folders[name], output, name, tuple(args.size))
    print(f'{len(folders)} pairs in {args.dst}')
