"""Write pseudo classes for the views of a split that have no label.

A trained network, of mmmtl or of mmsegmentation, predicts them. They are written to the folder that LoadPseudoLabels of
the config reads. If run again, it resumes where it stopped.
"""

import argparse
from pathlib import Path
from typing import cast

from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_config, add_split, split_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser, 'config whose dataset loads the pseudo labels')
    parser.add_argument('model', help='config of the trained network')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--library', choices=('mmmtl', 'mmseg'), default='mmmtl', help='library of the network')
    parser.add_argument('--task', default='semseg', help='name of the task in the config, and in a network of mmmtl')
    add_split(parser)
    parser.add_argument('--out', help="folder (default: the one that the config's LoadPseudoLabels names)")
    parser.add_argument(
        '--no-resize',
        action='store_true',
        help='do not resize images to the training size of a network of mmmtl',
    )
    add_device(parser)
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Write the files that are missing.

    Raises:
        ConfigError: The task is not a segmentation task, or the network has different classes.
    """
    from mmmtl.configuration.load_config import load_config
    from mmmtl.datasets.label_readers.pseudo_labels import pseudo_label_folder
    from mmmtl.errors import ConfigError
    from mmmtl.files.checksums import content_digest
    from mmmtl.pseudo_labels.pseudo_semseg import (
        load_mmmtl_network,
        load_mmseg_network,
        semseg_folder,
        write_pseudo_semseg,
    )
    from mmmtl.tasks import SemSeg, build_tasks

    check_device(args.device)
    config = load_config(args.config, args.cfg_options)
    found = build_tasks(config.tasks).get(args.task)
    if found is None or found.quantity != 'classes':
        raise ConfigError(f'{args.config}: {args.task!r} is not one of its segmentation tasks; choose another --task')
    task = cast(SemSeg, found)
    dataset = split_dataset(config, args.split)
    folder = pseudo_label_folder(args.out or semseg_folder(dataset.get('pipeline', ()), args.task))
    if args.library == 'mmmtl':
        segment, size = load_mmmtl_network(args.model, args.checkpoint, task, args.device, args.no_resize)
    else:
        segment, size = load_mmseg_network(args.model, args.checkpoint, task, args.device), None
    settings = {
        'model': args.model,
        'checkpoint': args.checkpoint,
        'weights': content_digest(Path(args.checkpoint).read_bytes()),
        'size': size and list(size),
    }
    write_pseudo_semseg(dataset, task, segment, settings, folder)
