"""Compare the gradients of tasks and consistency losses on the shared parameters.

Without --train: prints the mean cosine for each pair of tasks, over batches of the training set, as a Markdown table.
A pair is averaged over the batches in which both tasks have a label.

With --train: trains the config and measures, in every K-th iteration, the gradient norm of each task and consistency
loss and its cosine with the weighted sum of the task gradients.
"""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, at_least

IMAGES = ('.png', '.pdf', '.svg')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('checkpoint', nargs='?', help='weights (default: the initialization of the config)')
    parser.add_argument(
        '--batches', type=at_least(1), default=20, metavar='N', help='number of batches (default: 20); not with --train'
    )
    parser.add_argument(
        '--shared',
        nargs='+',
        metavar='NAME',
        help="prefixes of the shared parameters' names (default: those of the config's loss weighting, else backbone)",
    )
    parser.add_argument('--out', metavar='FILE.png', help='draw the matrix, or with --train the curves')
    parser.add_argument('--train', type=at_least(1), metavar='K', help='train, and measure every K iterations')
    parser.add_argument('--curves', metavar='FILE.csv', help='with --train: write all values as .csv or .json')
    parser.add_argument('--work-dir', help='with --train: folder for the log (default: work_dirs/task_conflict)')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the table and write the requested files.

    Raises:
        ConfigError: A file name has an unknown suffix, or --curves or --work-dir is given without --train.
    """
    from mmmtl.apis import load_config
    from mmmtl.errors import ConfigError
    from mmmtl.experiments.measured_training import check_output

    if not args.train and (args.curves or args.work_dir):
        raise ConfigError('--curves and --work-dir need --train K')
    for path, suffixes in ((args.out, IMAGES), (args.curves, ('.csv', '.json'))):
        if path:
            check_output(path, suffixes)
    config = load_config(args.config, args.cfg_options)
    weighting = config.model.get('loss_weighting') or {}
    shared = args.shared or weighting.get('shared') or ('backbone',)
    (_measure_training if args.train else _measure_batches)(config, shared, args)


def _measure_batches(config, shared, args: argparse.Namespace) -> None:
    import torch
    from mmengine.runner import set_random_seed

    from mmmtl.apis import init_model
    from mmmtl.experiments.task_conflict import conflict_table, draw_conflicts, measure_conflicts

    set_random_seed(config.get('randomness', {}).get('seed') or 0)
    model = init_model(config, args.checkpoint, 'cuda' if torch.cuda.is_available() else 'cpu').train()
    tasks = list(model.tasks)
    cosines, counts, norms = measure_conflicts(config, model, shared, args.batches)
    print(conflict_table(tasks, cosines, counts, norms), end='')
    if args.out:
        draw_conflicts(args.out, tasks, cosines)


def _measure_training(config, shared, args: argparse.Namespace) -> None:
    from pathlib import Path

    from mmmtl.experiments.measured_training import train_measured
    from mmmtl.experiments.term_gradients import (
        TermGradientsHook,
        draw_term_gradients,
        term_table,
        write_term_gradients,
    )

    hook = TermGradientsHook(args.train, shared)
    train_measured(config, hook, args.work_dir or 'work_dirs/task_conflict', args.checkpoint)
    print(term_table(hook.rows), end='')
    if args.curves:
        write_term_gradients(Path(args.curves), hook.rows)
    if args.out:
        draw_term_gradients(Path(args.out), hook.rows)
