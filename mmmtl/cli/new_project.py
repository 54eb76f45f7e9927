"""Write a config that trains on a folder of images and labels."""

import argparse
from pathlib import Path
from typing import Any

from mmmtl.cli.command_line import KeyValues


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('folder', help='folder with a subfolder of images and one of each kind of labels')
    parser.add_argument('--out', metavar='FILE', help='config to write (default: NAME_OF_FOLDER.py)')
    parser.add_argument('--images', metavar='FOLDER', help='subfolder of the images (default: found by its name)')
    parser.add_argument(
        '--label',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='FOLDER.OPTION=VALUE',
        help='state what cannot be guessed: kind (none to leave a folder out), task, name, classes=FILE, and the '
        'options of the kind, e.g. depth.scale=0.001 masks.kind=binary masks.task=Saliency',
    )


def run(args: argparse.Namespace) -> None:
    """Write the config, and check that its datasets can be built.

    Raises:
        ConfigError: The config exists, or something cannot be determined from the files.
        DataError: A file is missing, or cannot be read.
    """
    from mmmtl.apis import load_config
    from mmmtl.errors import ConfigError
    from mmmtl.files.atomic_path import write_text_file
    from mmmtl.models.backbones.packaged_weights import INSTALL, PACKAGED
    from mmmtl.new_project.config_text import config_text
    from mmmtl.new_project.project import inspect_project
    from mmmtl.registry import DATASETS

    folder = Path(args.folder)
    out = Path(args.out or f'{folder.resolve().name}.py')
    if out.suffix != '.py':
        raise ConfigError(f'--out {out}: expected the name of a config, FILE.py')
    if out.exists():
        raise ConfigError(f'{out}: exists already; remove it, or choose another --out')
    project = inspect_project(folder, args.images, _by_folder(args.label))
    pretrained = PACKAGED['tf_efficientnet_lite0'].is_installed
    write_text_file(out, config_text(project, pretrained=pretrained))
    try:
        config = load_config(out)
        sizes = {name: len(DATASETS.build(config[f'{name}_dataloader'].dataset)) for name in ('train', 'val')}
    except BaseException:
        out.unlink()
        raise
    print('\n'.join(project.notes))
    if not pretrained:
        print(f'encoder: starts from random weights; for ImageNet weights, {INSTALL} before this command')
    print(f'\n{out}: {sizes["train"]} images for training, {sizes["val"]} for validation. Next:')
    print(f'  mmmtl check-data {out}\n  mmmtl train {out}')


def _by_folder(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Split ``{'FOLDER.OPTION': value}`` by folder.

    Raises:
        ConfigError: An entry has no option.
    """
    from mmmtl.errors import ConfigError

    by_folder: dict[str, dict[str, Any]] = {}
    for entry, value in options.items():
        folder, dot, option = entry.rpartition('.')
        if not (folder and dot and option):
            raise ConfigError(f'--label {entry}: expected FOLDER.OPTION=VALUE, e.g. depth.scale=0.001')
        by_folder.setdefault(folder, {})[option] = value
    return by_folder
