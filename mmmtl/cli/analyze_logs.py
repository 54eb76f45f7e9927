"""Show the logs of runs: the last and the best values as a table, and curves as an image."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        'runs', nargs='+', metavar='[NAME=]WORK_DIR', help='work dir of a training run, or a scalars.json'
    )
    parser.add_argument(
        '--keys',
        nargs='+',
        default=[],
        metavar='KEY',
        help='logged values, e.g. loss depth/abs_rel (default: all losses, and the primary metric of each task)',
    )
    parser.add_argument('--out', metavar='FILE.png', help='draw the curves')


def run(args: argparse.Namespace) -> None:
    """Print the table, and draw the curves with ``--out``.

    Of several folders, those without a log are skipped with a note, so that ``work_dirs/*`` may contain others.

    Raises:
        ConfigError: Two runs have the same name, or the file name of the image has no known suffix.
        DataError: No folder has a log, a log is damaged, or no run has logged a key.
    """
    from mmmtl.errors import ConfigError, DataError
    from mmmtl.experiments.log_curves import draw_curves, log_table
    from mmmtl.experiments.run_logs import choose_keys, has_log, read_curves
    from mmmtl.experiments.runs import split_name

    if args.out and Path(args.out).suffix.lower() not in ('.png', '.pdf', '.svg'):
        raise ConfigError(f'--out {args.out}: expected a name that ends with .png, .pdf or .svg')
    runs = {}
    for text in args.runs:
        name, location = split_name(text)
        name = name or Path(location).resolve().name
        if len(args.runs) > 1 and Path(location).is_dir() and not has_log(Path(location)):
            print(f'{location}: no log in this folder, skipped', file=sys.stderr)
            continue
        if name in runs:
            raise ConfigError(f'{text}: another run is also called {name}; give names: NAME=WORK_DIR')
        runs[name] = read_curves(Path(location))
    if not runs:
        raise DataError(f'{", ".join(args.runs)}: no log in any of these folders; give work dirs of training runs')
    keys = choose_keys(runs, args.keys)
    print(log_table(runs, keys), end='')
    if args.out:
        draw_curves(Path(args.out), runs, keys)
