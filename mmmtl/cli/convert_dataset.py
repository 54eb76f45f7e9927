"""Convert a published dataset to the folders that mmmtl reads."""

import argparse

from mmmtl.cli.subcommands import add_commands

DATASETS = (
    'bsds500',
    'camvid',
    'cityscapes',
    'estimate-poses',
    'kitti',
    'nyuv2',
    'pascal-context',
    'sun3d',
    'tum-rgbd',
    'two-view',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one subcommand per dataset."""
    add_commands(parser, 'DATASET', DATASETS, 'mmmtl.cli.dataset_converters')


def run(args: argparse.Namespace) -> None:
    """Print the usage; every dataset has its own ``run``."""
    args.parser.print_usage()
