"""Overhead of the runner: training steps of the demo's network, compared with a plain PyTorch training loop.

    python benchmarks/train_step.py

Both use the same data loader and the same initial weights, and alternate in blocks of iterations in one process. The
output is the median and the quartiles of the ratio runner / plain loop over consecutive blocks, in wall time and in CPU
time, which depends less on other processes.
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from mmengine.hooks import Hook
from options import add_threads
from timing import median_and_quartiles, restart_with_kept_memory
from torch import nn
from torch.optim import AdamW

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.registry import MODELS

CONFIG = Path(__file__).parents[1] / 'configs' / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
Times = list[tuple[float, float]]  # (wall, CPU) seconds per iteration, for every block


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=9, help='number of pairs of blocks')
    parser.add_argument('--iterations', type=int, default=6, help='iterations per block')
    add_threads(parser)
    parser.add_argument('--workers', type=int, default=0, help='worker processes of the data loader')
    parser.add_argument('--scenes', type=int, default=20, help='number of rooms (default: %(default)s)')
    args = parser.parse_args()
    restart_with_kept_memory()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        runner_times, loop_times = measure(args, folder)
    for clock, runner, loop in zip(
        ('wall', 'CPU'), zip(*runner_times, strict=True), zip(*loop_times, strict=True), strict=True
    ):
        ratios = (a / b for a, b in zip(runner, loop, strict=True))
        print(
            f'{clock:>4}: runner {statistics.median(runner) * 1e3:.1f} ms, '
            f'plain loop {statistics.median(loop) * 1e3:.1f} ms per iteration; '
            f'runner / plain loop: median {median_and_quartiles(ratios, 3)} of {len(runner)} pairs'
        )


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class AlternateHook(Hook):
    """Time every block of the runner's iterations, and run and time a block of the plain loop after it."""

    priority = 'LOWEST'

    def __init__(self, loop: Iterator[None], iterations: int) -> None:
        self.loop, self.iterations = loop, iterations
        self.runner_times: Times = []
        self.loop_times: Times = []

    def before_train_epoch(self, runner) -> None:
        self.start = now()

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if (runner.iter + 1) % self.iterations:
            return
        self.runner_times.append(self.seconds_per_iteration())
        for _ in range(self.iterations):
            next(self.loop)
        self.loop_times.append(self.seconds_per_iteration())

    def seconds_per_iteration(self) -> tuple[float, float]:
        """Return wall and CPU seconds per iteration since the last call."""
        before, self.start = self.start, now()
        return tuple((b - a) / self.iterations for a, b in zip(before, self.start, strict=True))


def measure(args: argparse.Namespace, folder: str) -> tuple[Times, Times]:
    """Return the times of the runner and of the plain loop; the first pair of blocks is a warm-up and excluded."""
    blocks = args.pairs + 1
    config = load_config(
        CONFIG,
        {
            'train_cfg': dict(_delete_=True, by_epoch=False, max_iters=blocks * args.iterations, val_interval=10**9),
            'param_scheduler': [],
            'default_hooks.checkpoint.interval': -1,
            'default_hooks.checkpoint.save_last': False,
            'val_cfg': None,
            'val_dataloader': None,
            'val_evaluator': None,
            'train_dataloader.num_workers': args.workers,
            'train_dataloader.dataset.scenes': args.scenes,
        },
    )
    config.work_dir, config.log_level = folder, 'ERROR'
    runner = MultiTaskRunner.from_cfg(config)
    model = MODELS.build(config.model)
    model.load_state_dict(runner.model.state_dict())
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    hook = AlternateHook(plain_loop(model, loader), args.iterations)
    runner.register_hook(hook)
    runner.train()
    return hook.runner_times[1:], hook.loop_times[1:]


def plain_loop(model: nn.Module, loader) -> Iterator[None]:
    """Run a plain PyTorch training loop, one iteration per ``next``."""
    optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    mean, std = model.data_preprocessor.mean, model.data_preprocessor.std
    model.train()
    for batch in loader:
        images = (torch.stack(batch['inputs']).float() - mean) / std
        optimizer.zero_grad()
        model(images, batch['data_samples'], mode='loss')['loss'].backward()
        optimizer.step()
        yield


if __name__ == '__main__':
    main()
