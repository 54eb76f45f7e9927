"""Time of a training step with every loss weighting, relative to the same step with uniform weights.

    python benchmarks/loss_weighting.py

Forward and backward pass of the small SegNet of configs/weighting on one batch of generated rooms, in bf16. "plain" is
a simple implementation of MGDA: one backward pass per task, then one of the weighted sum of the losses. The weightings
alternate in one process. The output is the median time of a step, and the median and the quartiles of its ratio to the
uniform step of the same round.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from options import add_device, add_names, add_threads
from timing import median_and_quartiles, restart_with_kept_memory, synchronize

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.models import MultiTaskModel
from mmmtl.models.loss_weighting.nonnegative_least_squares import min_norm_weights
from mmmtl.registry import MODELS

TABLE = Path(__file__).parents[1] / 'configs' / 'weighting' / 'rooms_small.py'


def main() -> None:
    names = sorted(row.split('::')[1] for row in expand_recipes([TABLE]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_names(parser, names, 'weightings to measure, with uniform weights')
    parser.add_argument('--rounds', type=int, default=9, help='measured steps of each weighting (default: %(default)s)')
    add_threads(parser)
    add_device(parser, 'training step')
    args = parser.parse_args()
    restart_with_kept_memory()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    steps = {name: our_step(name, args.device) for name in dict.fromkeys(['uniform', *args.names])}
    steps['plain'] = plain_step(args.device)
    seconds = [
        {name: seconds_per_step(step, args.device) for name, step in steps.items()} for _ in range(args.rounds + 2)
    ][2:]
    print('| | ms per step | ratio to uniform (quartiles) |\n| --- | ---: | ---: |')
    for name in steps:
        print(
            f'| {name} | {statistics.median(times[name] for times in seconds) * 1e3:.0f} | '
            f'{median_and_quartiles(times[name] / times["uniform"] for times in seconds)} |'
        )


def model_and_batch(name: str, device: str) -> tuple[MultiTaskModel, dict]:
    """Return the network of a row of the table, and a preprocessed batch."""
    config = load_config(f'{TABLE}::{name}', {'train_dataloader.dataset.scenes': 8, 'train_dataloader.num_workers': 0})
    torch.manual_seed(0)
    model = MODELS.build(config.model).to(device).train()
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    return model, model.data_preprocessor(next(iter(loader)), training=True)


def our_step(name: str, device: str) -> Callable[[], None]:
    model, data = model_and_batch(name, device)

    def step() -> None:
        model.zero_grad()
        with torch.autocast(device, torch.bfloat16):
            total = model(data['inputs'], data['data_samples'], mode='loss')['loss']
        total.backward()

    return step


def plain_step(device: str) -> Callable[[], None]:
    model, data = model_and_batch('uniform', device)
    images, samples = data['inputs'], data['data_samples']

    def step() -> None:
        with torch.autocast(device, torch.bfloat16):
            logits = model(images, samples)
        losses, _ = model.task_losses(logits, model.targets(samples, images.shape[2:]), samples)
        gradients = []
        for loss in losses:
            model.zero_grad()
            loss.backward(retain_graph=True)
            gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.backbone.parameters()]))
        model.zero_grad()
        jacobian = torch.stack(gradients)
        weights = min_norm_weights((jacobian @ jacobian.T).double().cpu())
        sum(weight * loss for weight, loss in zip(weights.to(jacobian), losses, strict=True)).backward()

    return step


def seconds_per_step(step: Callable[[], None], device: str) -> float:
    """Return the seconds per step, averaged over two steps."""
    synchronize(device)
    start = time.perf_counter()
    step(), step()
    synchronize(device)
    return (time.perf_counter() - start) / 2


if __name__ == '__main__':
    main()
