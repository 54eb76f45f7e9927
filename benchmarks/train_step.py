"""The demo's network and batch through the runner, against the bare torch loop with the same loader.

    python benchmarks/train_step.py

Blocks of iterations alternate in one process, on two models of the same start; printed is the median of the ratios of
neighbouring blocks, with the middle half of them, in wall time and in CPU time (which other processes disturb less).
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
from timing import keep_memory, middle
from torch import nn
from torch.optim import AdamW

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.registry import MODELS

CONFIG = Path(__file__).parents[1] / 'configs' / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
Times = list[tuple[float, float]]  # seconds a step of each block: wall, CPU


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=9, help='of blocks')
    parser.add_argument('--iterations', type=int, default=6, help='per block')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--workers', type=int, default=0, help='of the loader')
    parser.add_argument('--scenes', type=int, default=20)
    args = parser.parse_args()
    keep_memory()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = measure(args, folder)
    for kind, a, b in zip(('wall', 'CPU'), zip(*ours, strict=True), zip(*plain, strict=True), strict=True):
        print(
            f'{kind:>4}: runner {statistics.median(a) * 1e3:.1f} ms, bare loop {statistics.median(b) * 1e3:.1f} ms '
            f'a step; runner / bare loop: median '
            f'{middle((x / y for x, y in zip(a, b, strict=True)), 3)} of {len(a)} pairs'
        )


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Alternate(Hook):
    """Times every block of the runner's iterations, and runs a block of the bare loop after it."""

    priority = 'LOWEST'

    def __init__(self, loop: Iterator[None], iterations: int) -> None:
        self.loop, self.iterations = loop, iterations
        self.ours: Times = []
        self.plain: Times = []

    def before_train_epoch(self, runner) -> None:
        self.start = now()

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if (runner.iter + 1) % self.iterations:
            return
        self.ours.append(self.a_step())
        for _ in range(self.iterations):
            next(self.loop)
        self.plain.append(self.a_step())

    def a_step(self) -> tuple[float, float]:
        """Seconds a step since the last call."""
        before, self.start = self.start, now()
        return tuple((b - a) / self.iterations for a, b in zip(before, self.start, strict=True))


def measure(args: argparse.Namespace, folder: str) -> tuple[Times, Times]:
    """Of the runner and of the bare loop; the first pair warms up and is left out."""
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
    alternate = Alternate(bare_loop(model, loader), args.iterations)
    runner.register_hook(alternate)
    runner.train()
    return alternate.ours[1:], alternate.plain[1:]


def bare_loop(model: nn.Module, loader) -> Iterator[None]:
    """What one would write without an engine: one step per ``next``."""
    optimiser = AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    mean, std = model.data_preprocessor.mean, model.data_preprocessor.std
    model.train()
    for batch in loader:
        images = (torch.stack(batch['inputs']).float() - mean) / std
        optimiser.zero_grad()
        model(images, batch['data_samples'], mode='loss')['loss'].backward()
        optimiser.step()
        yield


if __name__ == '__main__':
    main()
