"""A training step under every loss weighting, against the same step with uniform weights.

    python benchmarks/loss_weighting.py

Forward and backward of the small SegNet of configs/weighting on one batch of generated rooms, in bf16. "plain" is MGDA
as one would write it: the gradient of every task by a backward pass of its own, then one of the weighted sum of the
losses. All take turns in one process; printed are the median milliseconds of a step, and the median of the ratios to
the uniform step of the same turn with the middle half of them.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from timing import keep_memory, middle, wait

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.models import MultiTaskModel
from mmmtl.models.loss_weighting.nonnegative_least_squares import min_norm_weights
from mmmtl.registry import MODELS

TABLE = Path(__file__).parents[1] / 'configs' / 'weighting' / 'rooms_small.py'


def main() -> None:
    names = sorted(row.split('::')[1] for row in expand_recipes([TABLE]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--names', nargs='+', default=names, choices=names, metavar='NAME')
    parser.add_argument('--turns', type=int, default=9)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    keep_memory()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    steps = {name: our_step(name, args.device) for name in dict.fromkeys(['uniform', *args.names])}
    steps['plain'] = plain_step(args.device)
    seconds = [{name: run(step, args.device) for name, step in steps.items()} for _ in range(args.turns + 2)][2:]
    print('| | ms a step | times uniform (middle half) |\n| --- | ---: | ---: |')
    for name in steps:
        print(
            f'| {name} | {statistics.median(turn[name] for turn in seconds) * 1e3:.0f} | '
            f'{middle(turn[name] / turn["uniform"] for turn in seconds)} |'
        )


def prepared(name: str, device: str) -> tuple[MultiTaskModel, dict]:
    """The network of a config and a batch."""
    config = load_config(f'{TABLE}::{name}', {'train_dataloader.dataset.scenes': 8, 'train_dataloader.num_workers': 0})
    torch.manual_seed(0)
    model = MODELS.build(config.model).to(device).train()
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    return model, model.data_preprocessor(next(iter(loader)), training=True)


def our_step(name: str, device: str) -> Callable[[], None]:
    model, data = prepared(name, device)

    def step() -> None:
        model.zero_grad()
        with torch.autocast(device, torch.bfloat16):
            total = model(data['inputs'], data['data_samples'], mode='loss')['loss']
        total.backward()

    return step


def plain_step(device: str) -> Callable[[], None]:
    model, data = prepared('uniform', device)
    images, samples = data['inputs'], data['data_samples']

    def step() -> None:
        with torch.autocast(device, torch.bfloat16):
            logits = model(images, samples)
        losses, _ = model.task_losses(logits, model.targets(samples, images.shape[2:]), samples)
        rows = []
        for loss in losses:
            model.zero_grad()
            loss.backward(retain_graph=True)
            rows.append(torch.cat([parameter.grad.flatten() for parameter in model.backbone.parameters()]))
        model.zero_grad()
        rows = torch.stack(rows)
        weights = min_norm_weights((rows @ rows.T).double().cpu())
        sum(weight * loss for weight, loss in zip(weights.to(rows), losses, strict=True)).backward()

    return step


def run(step: Callable[[], None], device: str) -> float:
    """Seconds of two steps, for one."""
    wait(device)
    start = time.perf_counter()
    step(), step()
    wait(device)
    return (time.perf_counter() - start) / 2


if __name__ == '__main__':
    main()
