"""Convert sequences of SUN3D to pairs of overlapping views with parallax, as scenes for PosedViews.

A SEQUENCE is a folder of sun3d.cs.princeton.edu (hotel_umd/maryland_hotel3): image/FRAME-TIME.jpg,
depth/FRAME-TIME.png (16 bit, millimetres, the three lowest bits moved to the top), intrinsics.txt (3 x 3) and
extrinsics/DATE.txt, the newest of which counts: three rows of a 3 x 4 matrix, camera to world, per image. Every
image uses the depth map of the nearest time. The principal point is the middle of the image, so pixel centres are at
+0.5.
"""

import argparse

from mmmtl.cli.dataset_converters.sequences import add_sequences, convert_sequences


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_sequences(parser, 'folders with image, depth, extrinsics', every=10)


def run(args: argparse.Namespace) -> None:
    """Write the pairs of the sequences."""
    from mmmtl.dataset_converters.sun3d import read_named_sun3d

    convert_sequences(args, read_named_sun3d)
