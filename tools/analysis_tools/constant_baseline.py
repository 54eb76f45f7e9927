"""Score what knows nothing of the image: tools/analysis_tools/constant_baseline.py CONFIG [--out FILE]."""

import argparse

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.experiments.constant_baseline import constant_baseline
from mmmtl.experiments.scores import write_scores

ROW = 'mean or mode per pixel'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Score the mean value, or most frequent class, of the training set at each pixel.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--out', help='scores as JSON, which compare_runs.py reads')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the config',
    )
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    scores = constant_baseline(config)
    width = max(map(len, scores), default=0)
    for name, value in scores.items():
        print(f'{name.ljust(width)}  {value:.4g}')
    if args.out:
        write_scores(args.out, {ROW: scores}, config)


if __name__ == '__main__':
    main()
