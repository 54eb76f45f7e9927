"""Print a recipe as one flat text config: tools/print_config.py CONFIG [--out FILE] [--cfg-options A.B=C]."""

import argparse
from pathlib import Path

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.flat_config import flat_text


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Print a recipe as one flat text config, which other text configs take as their _base_.'
    )
    parser.add_argument('config', help='config file, or a row of a table: FILE.py::ROW')
    parser.add_argument('--out', help='write to this file instead')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the config, e.g. train_dataloader.batch_size=4',
    )
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    text = flat_text(load_config(args.config, args.cfg_options))
    if args.out:
        Path(args.out).write_text(text)
    else:
        print(text, end='')


if __name__ == '__main__':
    main()
