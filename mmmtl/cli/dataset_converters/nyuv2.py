"""Convert nyu_depth_v2_labeled.mat to the NYUv2 folders that the benchmarks read.

mtan: 288 x 384, 13 classes, npy, read by NYUv2; sak: 425 x 560, 40 classes, PNG and npy, read by NYUDMT.
Both are cut from the valid inner part of the images. splits.mat is the toolbox's, classMapping40.mat that of
Gupta et al.; both are in github.com/ankurhanda/nyuv2-meta-data. Normals are derived from the depth, or taken from PNG
images of 480 x 640 named by the frame number, from 1, with n = 2 v / 255 - 1. Edges (sak) are the borders of
classes and instances.

The result differs from the published archives: the crop of MTAN's archive is unpublished, and SAK's archive has normals
and edges from other sources. So do not compare scores on it with published ones.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('src', type=Path, help='nyu_depth_v2_labeled.mat')
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    parser.add_argument(
        '--format',
        required=True,
        choices=('mtan', 'sak'),
        help='mtan: read by NYUv2; sak: read by NYUDMT; see above',
    )
    parser.add_argument('--splits', required=True, type=Path, help='splits.mat')
    parser.add_argument('--classes40', required=True, type=Path, help='classMapping40.mat')
    parser.add_argument('--normals', type=Path, help='folder of 480 x 640 images; derived from the depth by default')
    parser.add_argument(
        '--normal-signs',
        type=int,
        nargs=3,
        default=(1, 1, 1),
        choices=(-1, 1),
        help='signs that convert their axes to x right, y down, z forward',
    )


def run(args: argparse.Namespace) -> None:
    """Write the folder of the chosen format."""
    from mmmtl.dataset_converters.nyuv2 import Frames, read_splits, write_nyuv2_mtan, write_sak
    from mmmtl.files.output_folder import Output

    frames = Frames(args.src, args.classes40, args.normals, args.normal_signs)
    splits = read_splits(args.splits, frames.count)
    output = Output(args.dst)
    (write_nyuv2_mtan if args.format == 'mtan' else write_sak)(frames, splits, output)
    output.report()
