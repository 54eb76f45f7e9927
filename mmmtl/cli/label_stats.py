"""Count which labels the images of each dataset show, alone and together, and the pixels of each class.

Hidden labels are not opened.
"""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--counts-only', action='store_true', help='count images only, not pixels; opens no file')
    parser.add_argument('--workers', type=at_least(0), default=0, help='number of loading processes')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the counts of every dataset."""
    from mmmtl.apis import load_config
    from mmmtl.dataset_report.label_stats import label_stats

    config = load_config(args.config, args.cfg_options)
    for text in label_stats(config, open_files=not args.counts_only, workers=args.workers, show_progress=True):
        print(text, end='\n\n')
