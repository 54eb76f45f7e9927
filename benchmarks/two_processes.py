"""Training throughput of two processes under DDP, beside two independent training runs at the same time.

    python benchmarks/two_processes.py [--recipe RECIPE] [--batch 8] [--steps 4] [--rounds 7]

Each process has one thread and one batch of generated rooms that it uses in every step, so input does not count. Both
kinds of training alternate in the same two processes. The ratio is 1 if exchanging gradients costs nothing.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from timing import median_and_quartiles

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.registry import MODELS

PROCESSES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--recipe',
        default='baseline/fpn_lite0_b8_2e_rooms_full',
        help='config of a network and a dataset of rooms (default: %(default)s)',
    )
    parser.add_argument('--batch', type=int, default=8, help='images per process (default: %(default)s)')
    parser.add_argument('--steps', type=int, default=4, help='steps per round (default: %(default)s)')
    parser.add_argument(
        '--rounds', type=int, default=7, help='measured rounds of each kind of training (default: %(default)s)'
    )
    args = parser.parse_args()
    os.environ['OMP_NUM_THREADS'] = '1'
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(measure, (args, f'file://{folder}/rendezvous', Path(folder)), PROCESSES)
        rounds = torch.load(Path(folder) / 'seconds.pt')
    images = PROCESSES * args.batch * args.steps
    for name in ('independent', 'ddp'):
        print(f'{name}: {median_and_quartiles(images / seconds[name] for seconds in rounds)} images per second')
    print(f'ratio: {median_and_quartiles(seconds["independent"] / seconds["ddp"] for seconds in rounds)}')


def measure(rank: int, args: argparse.Namespace, store: str, folder: Path) -> None:
    """Time both kinds of steps; rank 0 saves the seconds of the slower process for each round."""
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    dist.init_process_group('gloo', init_method=store, rank=rank, world_size=PROCESSES)
    steps = {name: training_step(args, name) for name in ('independent', 'ddp')}
    rounds = []
    for _ in range(args.rounds + 1):  # the first one warms up
        rounds.append({name: seconds(step, args.steps) for name, step in steps.items()})
    if rank == 0:
        torch.save(rounds[1:], folder / 'seconds.pt')
    dist.destroy_process_group()


def training_step(args: argparse.Namespace, name: str) -> Callable[[], Any]:
    """Return a function that takes a training step, with the optimizer."""
    few = {'train_dataloader.dataset.scenes': args.batch, 'train_dataloader.num_workers': 0}
    config = load_config(args.recipe, {**few, 'train_dataloader.batch_size': args.batch})
    torch.manual_seed(0)
    network = MODELS.build(without_pretrained(config.model)).train()
    batch = next(iter(MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)))
    model = MMDistributedDataParallel(network) if name == 'ddp' else network
    optim_wrapper = build_optim_wrapper(network, config.optim_wrapper)
    return lambda: model.train_step(batch, optim_wrapper)


def seconds(step: Callable[[], Any], count: int) -> float:
    """Return the seconds that the slower process takes for some steps."""
    dist.barrier()
    start = time.perf_counter()
    for _ in range(count):
        step()
    taken = torch.tensor(time.perf_counter() - start)
    dist.all_reduce(taken, dist.ReduceOp.MAX)
    return taken.item()


if __name__ == '__main__':
    main()
