"""Time of MTPSL's mapping loss: `CrossTaskConsistency`, compared with a loop over images and pairs.

    python benchmarks/mapping.py

Forward and backward pass of the loss alone, with respect to the predictions and the mapping network. The loop maps one
image at a time, as the published code does, with PyTorch's batch norm. The two alternate in one process. The output is
the median and the quartiles of the ratio loop / batched over consecutive steps; above 1, the batched loss is faster.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from options import add_device, add_size, add_threads
from timing import median_and_quartiles, restart_with_kept_memory, synchronize
from torch import Tensor, nn

from mmmtl.models.consistency_losses import CrossTaskConsistency
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg, Task

TASKS = {
    'semseg': SemSeg('semseg', [str(number) for number in range(13)]),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=7, help='number of pairs of steps')
    parser.add_argument('--batch', type=int, default=8, help='number of images (default: %(default)s)')
    add_size(parser, 96, 128, 'the predictions')
    parser.add_argument(
        '--widths',
        type=int,
        nargs='+',
        default=(64, 128, 256, 512, 512),
        help='channels of the levels of the mapping network (default: 64 128 256 512 512)',
    )
    add_threads(parser)
    add_device(parser, 'loss')
    args = parser.parse_args()
    restart_with_kept_memory()
    seconds = alternate(args)
    batched, loop = (statistics.median(values) for values in zip(*seconds, strict=True))
    print(
        f'{args.device}, {args.threads} threads: batched {batched * 1e3:.0f} ms, loop {loop * 1e3:.0f} ms per step; '
        f'loop / batched: median {median_and_quartiles(b / a for a, b in seconds)} of {len(seconds)} pairs'
    )


def alternate(args: argparse.Namespace) -> list[list[float]]:
    """Return the seconds of a batched step and of a step of the loop, for every pair of steps."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    logits, targets, feature, samples = make_batch(args.batch, tuple(args.size), args.widths, args.device)
    loss = CrossTaskConsistency(TASKS, (args.widths[-1],), (2 ** len(args.widths),), space=dict(widths=args.widths)).to(
        args.device
    )
    mapping = PlainMapping(TASKS, args.widths).to(args.device)

    def batched_step() -> Tensor:
        return loss(logits, targets, (feature,), samples)

    def loop_step() -> Tensor:
        return loop_loss(mapping, logits, targets, feature, samples)

    return [
        [measure(step, module, logits) for step, module in ((batched_step, loss), (loop_step, mapping))]
        for _ in range(args.pairs + 1)
    ][1:]


def make_batch(
    count: int, size: tuple[int, int], widths: list[int], device: str
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor, list[MultiTaskDataSample]]:
    """Return predictions, labels, the encoder's feature, and samples with one label each."""
    logits = {
        name: torch.randn(count, task.channels, *size, device=device).requires_grad_() for name, task in TASKS.items()
    }
    targets = {
        'semseg': torch.randint(13, (count, 1, *size)),
        'depth': 0.5 + torch.rand(count, 1, *size),
        'normal': F.normalize(torch.randn(count, 3, *size), dim=1),
    }
    labelled = [list(TASKS)[index % len(TASKS)] for index in range(count)]
    samples = [MultiTaskDataSample(gt=PixelData(**{name: targets[name][i]})) for i, name in enumerate(labelled)]
    stride = 2 ** len(widths)
    feature = torch.randn(count, widths[-1], *(-(-side // stride) for side in size), device=device)
    return logits, {name: values.to(device) for name, values in targets.items()}, feature, samples


def measure(step: Callable[[], Tensor], module: nn.Module, logits: dict[str, Tensor]) -> float:
    """Return the seconds of a forward and a backward pass."""
    for values in (*logits.values(), *module.parameters()):
        values.grad = None
    synchronize(logits['depth'].device)
    start = time.perf_counter()
    step().backward()
    synchronize(logits['depth'].device)
    return time.perf_counter() - start


class PlainBlock(nn.Module):
    """conv - batch norm - FiLM - ReLU."""

    def __init__(self, in_channels: int, channels: int, pairs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.gamma = nn.Parameter(torch.ones(channels, pairs))
        self.beta = nn.Parameter(torch.zeros(channels, pairs))

    def forward(self, x: Tensor, one_hot: Tensor) -> Tensor:
        gamma, beta = F.linear(one_hot, self.gamma), F.linear(one_hot, self.beta)
        return F.relu(gamma[:, :, None, None] * self.norm(self.conv(x)) + beta[:, :, None, None])


class PlainMapping(nn.Module):
    """Simple implementation of the mapping network, for one map at a time."""

    def __init__(self, tasks: dict[str, Task], widths: list[int]) -> None:
        super().__init__()
        self.pairs = [(s, t) for s in tasks for t in tasks if s != t]
        self.inputs = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(task.encoding.channels, widths[0], 3, padding=1),
                    nn.BatchNorm2d(widths[0]),
                    nn.ReLU(inplace=True),
                )
                for name, task in tasks.items()
            }
        )
        self.stages = nn.ModuleList()
        for stage, (in_channels, width) in enumerate(zip((widths[0], *widths[:-1]), widths, strict=True)):
            depth = 2 if stage < 2 else 3
            self.stages.append(
                nn.ModuleList(
                    PlainBlock(in_channels if i == 0 else width, width, len(self.pairs)) for i in range(depth)
                )
            )

    def forward(self, x: Tensor, task: str, one_hot: Tensor) -> Tensor:
        x = self.inputs[task](x)
        for stage in self.stages:
            for block in stage:
                x = block(x, one_hot)
            x = F.max_pool2d(x, 2)
        return x


def loop_loss(
    mapping: PlainMapping,
    logits: dict[str, Tensor],
    targets: dict[str, Tensor],
    feature: Tensor,
    samples: list[MultiTaskDataSample],
) -> Tensor:
    """Return the loss, computed in a loop over images and pairs."""
    total = torch.zeros((), device=feature.device)
    for index, sample in enumerate(samples):
        image = slice(index, index + 1)
        for from_task in TASKS:
            for to_task in TASKS:
                if from_task in sample.gt or to_task not in sample.gt:
                    continue
                one_hot = torch.zeros(1, len(mapping.pairs), device=feature.device)
                one_hot[0, mapping.pairs.index((from_task, to_task))] = 1

                a = mapping(TASKS[from_task].encoding.encode(logits[from_task][image]), from_task, one_hot)
                b = mapping(TASKS[to_task].encoding.encode_target(targets[to_task][image]), to_task, one_hot)
                f = feature[image]
                total = total + distance(a, b) + 0.5 * (distance(a, f) + distance(b, f))
    return total / len(samples)


def distance(a: Tensor, b: Tensor) -> Tensor:
    return 1 - F.cosine_similarity(a, b, dim=1).mean()


if __name__ == '__main__':
    main()
