"""Look at data before training: tools/analysis_tools/check_dataset.py CONFIG [--workers N] [--limit N]."""

import argparse
import sys
from pathlib import Path

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.dataset_report.description import check_dataset, describe, files_of
from mmmtl.files.checksums import write_checksums


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Open every file of all splits of a config, say what is in them, and name what is wrong. Exit code '
        '1 if something is.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--limit', type=int, help='at most so many records per split, evenly spread over it')
    parser.add_argument('--workers', type=int, default=0, help='processes that load')
    parser.add_argument(
        '--write-checksums',
        metavar='FILE',
        help="only list what all files hold; with the data set's "
        "checksums='FILE', a file that is exchanged or altered later is an error",
    )
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    if args.write_checksums:
        print(f'{write_checksums(Path(args.write_checksums), files_of(config))} files: {args.write_checksums}')
        return
    splits = check_dataset(config, limit=args.limit, workers=args.workers, show_progress=True)
    for split in splits:
        print(describe(split))
        for title, findings in (('WRONG', split.wrong), ('look at', split.look)):
            for finding in findings:
                print(f'\n  {title}: {finding}')
        print()
    wrong = sum(len(split.wrong) for split in splits)
    print(f'wrong: {wrong}' if wrong else 'nothing is wrong')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
