"""Print the mean cosine between the gradients of every two tasks on the shared parameters, as a Markdown table.

The mean is over batches of the training set. A pair counts in the batches where both tasks have a label.
"""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('checkpoint', nargs='?', help='weights; without them, as initialised')
    parser.add_argument('--batches', type=at_least(1), default=20, metavar='N', help='default: 20')
    parser.add_argument(
        '--shared',
        nargs='+',
        metavar='NAME',
        help="prefixes of the shared parameters' names (default: those of the config's loss weighting, else backbone)",
    )
    parser.add_argument('--out', metavar='FILE.png', help='write the matrix as an image too')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the table, and draw it if asked to."""
    import torch
    from mmengine.runner import set_random_seed

    from mmmtl.apis import init_model, load_config
    from mmmtl.experiments.task_conflict import conflict_table, draw_conflicts, measure_conflicts

    config = load_config(args.config, args.cfg_options)
    set_random_seed(config.get('randomness', {}).get('seed') or 0)
    weighting = config.model.get('loss_weighting') or {}
    shared = args.shared or weighting.get('shared') or ('backbone',)
    model = init_model(config, args.checkpoint, 'cuda' if torch.cuda.is_available() else 'cpu').train()
    tasks = list(model.tasks)
    cosines, counts, lengths = measure_conflicts(config, model, shared, args.batches)
    print(conflict_table(tasks, cosines, counts, lengths), end='')
    if args.out:
        draw_conflicts(args.out, tasks, cosines)
