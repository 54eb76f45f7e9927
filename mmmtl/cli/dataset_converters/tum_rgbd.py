"""Convert sequences of TUM RGB-D to pairs of overlapping views with parallax, as scenes for PosedViews.

A SEQUENCE is an unpacked folder (rgbd_dataset_freiburg1_desk): rgb.txt, depth.txt and groundtruth.txt
with time stamps, the images that they name, depth in 1/5000 m registered to colour. Images, depth and poses (camera
to world) are joined where their times differ by at most 20 ms. The intrinsics are those that the authors recommend for
the registered depth, f = 525 and the middle of the image, without undistortion.
"""

import argparse

from mmmtl.cli.dataset_converters.sequences import add_sequences, convert_sequences


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_sequences(parser, 'unpacked folders', every=5)


def run(args: argparse.Namespace) -> None:
    """Write the pairs of the sequences."""
    from mmmtl.dataset_converters.tum_rgbd import read_named_tum_rgbd

    convert_sequences(args, read_named_tum_rgbd)
