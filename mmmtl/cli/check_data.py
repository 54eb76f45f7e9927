"""Check all files of the datasets of a config, and print statistics and errors; exit code 1 if there is an error."""

import argparse
import sys
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_config, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--limit', type=at_least(1), help='maximum number of records per split, evenly spread')
    parser.add_argument('--workers', type=at_least(0), default=0, help='number of loading processes')
    parser.add_argument(
        '--write-checksums',
        metavar='FILE',
        help="write the checksums of all files to FILE and check nothing; in a dataset with checksums='FILE', a file "
        'that changes later is reported as an error',
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Check all splits, or write the checksums."""
    from mmmtl.apis import load_config
    from mmmtl.dataset_report.description import describe_split
    from mmmtl.dataset_report.inspection import files_of, inspect_datasets
    from mmmtl.files.checksums import write_checksums

    config = load_config(args.config, args.cfg_options)
    if args.write_checksums:
        print(f'{write_checksums(Path(args.write_checksums), files_of(config))} files: {args.write_checksums}')
        return
    splits = inspect_datasets(config, limit=args.limit, workers=args.workers, show_progress=True)
    for split in splits:
        print(describe_split(split))
        for title, findings in (('WRONG', split.errors), ('look at', split.warnings)):
            for finding in findings:
                print(f'\n  {title}: {finding}')
        print()
    wrong = sum(len(split.errors) for split in splits)
    print(f'wrong: {wrong}' if wrong else 'nothing is wrong')
    sys.exit(1 if wrong else 0)
