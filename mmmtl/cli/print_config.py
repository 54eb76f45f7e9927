"""Print a recipe as one flat text config, which other text configs take as their _base_."""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--out', help='write to this file instead')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the config, or write it."""
    from mmmtl.apis import load_config
    from mmmtl.configuration.flat_config import flat_text
    from mmmtl.files.atomic_path import write_text_file

    text = flat_text(load_config(args.config, args.cfg_options))
    if args.out:
        write_text_file(Path(args.out), text)
    else:
        print(text, end='')
