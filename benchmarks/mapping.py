"""One training step of MTPSL's mapping loss: all images and pairs at once, against the plain loop over them.

    python benchmarks/mapping.py

Forward and backward of the cross-task loss alone, with respect to the predictions and the mapping network. The loop
maps one image at a time, as the published code does, with PyTorch's own batch norm. Steps alternate in one process;
printed is the median of the ratios of neighbouring steps, with the middle half of them. Above 1, ours is the faster.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from timing import keep_memory, middle, wait
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
    parser.add_argument('--pairs', type=int, default=7, help='of steps')
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument('--size', type=int, nargs=2, default=(96, 128))
    parser.add_argument('--widths', type=int, nargs='+', default=(64, 128, 256, 512, 512))
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    keep_memory()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    logits, targets, feature, samples = make_batch(args.batch, tuple(args.size), args.widths, args.device)
    ours = CrossTaskConsistency(TASKS, (args.widths[-1],), (2 ** len(args.widths),), space=dict(widths=args.widths)).to(
        args.device
    )
    plain = PlainMapping(TASKS, args.widths).to(args.device)

    def our_step() -> Tensor:
        return ours(logits, targets, (feature,), samples)

    def plain_step() -> Tensor:
        return plain_loss(plain, logits, targets, feature, samples)

    seconds = [
        [run(step, module, logits) for step, module in ((our_step, ours), (plain_step, plain))]
        for _ in range(args.pairs + 1)
    ][1:]
    a, b = (statistics.median(values) for values in zip(*seconds, strict=True))
    print(
        f'{args.device}, {args.threads} threads: at once {a * 1e3:.0f} ms, loop {b * 1e3:.0f} ms a step; loop / at '
        f'once: median {middle(b / a for a, b in seconds)} of {len(seconds)} pairs'
    )


def make_batch(
    count: int, size: tuple[int, int], widths: list[int], device: str
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor, list[MultiTaskDataSample]]:
    """Predictions, labels, the encoder's feature, and samples of which each shows one label."""
    logits = {
        name: torch.randn(count, task.channels, *size, device=device).requires_grad_() for name, task in TASKS.items()
    }
    targets = {
        'semseg': torch.randint(13, (count, 1, *size)),
        'depth': 0.5 + torch.rand(count, 1, *size),
        'normal': F.normalize(torch.randn(count, 3, *size), dim=1),
    }
    shown = [list(TASKS)[number % len(TASKS)] for number in range(count)]
    samples = [MultiTaskDataSample(gt=PixelData(**{name: targets[name][number]})) for number, name in enumerate(shown)]
    steps = 2 ** len(widths)
    feature = torch.randn(count, widths[-1], *(-(-side // steps) for side in size), device=device)
    return logits, {name: values.to(device) for name, values in targets.items()}, feature, samples


def run(step, module: nn.Module, logits: dict[str, Tensor]) -> float:
    """Seconds of a forward and a backward pass."""
    for values in (*logits.values(), *module.parameters()):
        values.grad = None
    wait(logits['depth'].device)
    start = time.perf_counter()
    step().backward()
    wait(logits['depth'].device)
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
    """The mapping network as one would write it for one map at a time."""

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
        for number, (before, width) in enumerate(zip((widths[0], *widths[:-1]), widths, strict=True)):
            depth = 2 if number < 2 else 3
            self.stages.append(
                nn.ModuleList(PlainBlock(before if i == 0 else width, width, len(self.pairs)) for i in range(depth))
            )

    def forward(self, x: Tensor, task: str, one_hot: Tensor) -> Tensor:
        x = self.inputs[task](x)
        for stage in self.stages:
            for block in stage:
                x = block(x, one_hot)
            x = F.max_pool2d(x, 2)
        return x


def plain_loss(
    mapping: PlainMapping,
    logits: dict[str, Tensor],
    targets: dict[str, Tensor],
    feature: Tensor,
    samples: list[MultiTaskDataSample],
) -> Tensor:
    """Image by image, pair by pair."""
    total = torch.zeros((), device=feature.device)
    for number, sample in enumerate(samples):
        for source in TASKS:
            for target in TASKS:
                if source in sample.gt or target not in sample.gt:
                    continue
                one_hot = torch.zeros(1, len(mapping.pairs), device=feature.device)
                one_hot[0, mapping.pairs.index((source, target))] = 1
                here = slice(number, number + 1)
                a = mapping(TASKS[source].encoding.encode(logits[source][here]), source, one_hot)
                b = mapping(TASKS[target].encoding.encode_target(targets[target][here]), target, one_hot)
                f = feature[here]
                total = total + distance(a, b) + 0.5 * (distance(a, f) + distance(b, f))
    return total / len(samples)


def distance(a: Tensor, b: Tensor) -> Tensor:
    return 1 - F.cosine_similarity(a, b, dim=1).mean()


if __name__ == '__main__':
    main()
