"""Which labels are shown: tools/analysis_tools/label_stats.py CONFIG [--counts-only] [--workers N]."""

import argparse

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.dataset_report.label_stats import label_stats


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='For each data set of a config: how many images show which labels, which they show together, and '
        'the pixels per class of what is shown. Hidden labels are not opened.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--counts-only', action='store_true', help='open no file: counts, but no pixels')
    parser.add_argument('--workers', type=int, default=0, help='processes that load')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    for text in label_stats(config, open_files=not args.counts_only, workers=args.workers, show_progress=True):
        print(text, end='\n\n')


if __name__ == '__main__':
    main()
