"""Estimate the camera poses of an RGB-D video, and write posed pairs in metres as scenes for PosedViews.

FRAMES is a folder with color/NAME.jpg (or .png) and depth/NAME.png (16 bit, registered to colour, 0 or 65535 =
missing), in the order of their names, and, if the camera is known, cam.txt: 3 x 3 intrinsics in pixels of the
images with centres at +0.5. Lens distortion is not modelled: undistort first.

COLMAP (pip install 'mmmtl[poses]') estimates the poses up to scale; the scale in metres is the median of sensor
depth over reconstructed depth. Pairs are chosen by overlap and baseline; with --whole all frames become one scene.
The folder DST/.poses keeps matches and poses, so a second run continues where the first one stopped.
"""

import argparse
from pathlib import Path

from mmmtl.cli.dataset_converters.sequences import add_pair_rule
from mmmtl.cli.options import at_least, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('frames', type=Path, help='folder with color/ and depth/')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    parser.add_argument('--every', type=at_least(1), default=1, help='use one frame in EVERY (default: 1)')
    parser.add_argument(
        '--size',
        type=at_least(1),
        nargs=2,
        metavar=('H', 'W'),
        help='size of the written images (default: that of the frames)',
    )
    add_pair_rule(parser)
    parser.add_argument('--depth-scale', type=positive, default=1000, help='units of the depth maps per metre')
    parser.add_argument(
        '--least', type=float, default=0.5, help='fraction of the frames that need a pose (default: 0.5)'
    )
    parser.add_argument('--whole', action='store_true', help='one scene of all frames instead of pairs')
    parser.add_argument('--exhaustive', action='store_true', help='match every frame with every other: few frames only')
    parser.add_argument('--threads', type=at_least(-1), default=-1, help='threads of COLMAP (default: all cores)')


def run(args: argparse.Namespace) -> None:
    """Estimate the poses and write the pairs."""
    from mmmtl.dataset_converters.estimate_poses import convert_video
    from mmmtl.datasets.overlapping_views import PairRule

    convert_video(
        args.frames,
        args.dst,
        every=args.every,
        size=args.size and tuple(args.size),
        rule=None if args.whole else PairRule(tuple(args.overlap), tuple(args.baseline)),
        units=args.depth_scale,
        min_fraction=args.least,
        sequential=not args.exhaustive,
        threads=args.threads,
    )
