"""Time of region contrast: all regions, tasks and images in one batch, compared with a loop over regions and pairs.

    python benchmarks/region_contrast.py [--device cpu] [--threads 2] [--rounds 3]

The loop follows the published code: NumPy moments of the masked pixels per region, SciPy's ``sqrtm`` for each pair,
forward pass only, two negatives per region. Ours uses all other regions as negatives and includes the backward pass.
The two alternate, each in its own process. The output is the median times over the rounds and their ratio loop / ours;
above 1, ours is faster:

    distances   between the same pairs of Gaussians; ours with the backward pass; also prints the largest difference
    moments     means and covariances of all regions, forward pass
    whole       from features to loss; ours with the backward pass and all negatives
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from options import add_size, add_threads
from timing import median_seconds
from torch import Tensor

from mmmtl.engine.memory import keep_freed_memory
from mmmtl.models.consistency_losses.gaussian_distances import wasserstein
from mmmtl.models.consistency_losses.noise_contrast import noise_contrast
from mmmtl.models.consistency_losses.region_moments import RegionPixels

TEMPERATURE = 5.4
NEGATIVES = 2  # per region, in the loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--batch', type=int, default=8, help='number of images, with one pair of tasks each')
    parser.add_argument('--regions', type=int, default=16, help='regions per image (default: %(default)s)')
    parser.add_argument('--channels', type=int, default=32, help='channels of the features (default: %(default)s)')
    add_size(parser, 144, 192, 'the features')
    parser.add_argument('--device', default='cpu', help='device of ours; the loop runs on the CPU')
    add_threads(parser)
    parser.add_argument('--rounds', type=int, default=3, help='runs of each implementation (default: %(default)s)')
    parser.add_argument(
        '--way', choices=('loop', 'ours'), help='run one implementation in this process and print its times as JSON'
    )
    args = parser.parse_args()
    if args.way:
        keep_freed_memory()  # as the runner does
        print(json.dumps(WAYS[args.way](args)))
        return
    results: dict[str, list[dict]] = {'loop': [], 'ours': []}
    for _ in range(args.rounds):
        for way, runs in results.items():
            command = [sys.executable, Path(__file__), *sys.argv[1:], '--way', way]
            runs.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    median = {
        way: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for way, runs in results.items()
    }
    print(
        f'{args.device}, {args.threads} threads: {args.batch} images, {args.regions} regions, {args.channels} '
        f'channels, {args.size[0]} x {args.size[1]}'
    )
    for part in ('distances', 'moments', 'whole'):
        loop, ours = median['loop'][part], median['ours'][part]
        print(f'{part:>10}: loop {loop * 1e3:8.1f} ms, ours {ours * 1e3:8.1f} ms, ratio {loop / ours:5.2f}')
    print(f'largest difference: {median["ours"]["difference"]:.1e}; largest distance: {median["ours"]["largest"]:.3g}')


def inputs(args: argparse.Namespace) -> tuple[Tensor, Tensor, Tensor]:
    """Return features (B, 2, C, H, W) of both tasks, region indices (B, H, W), and the pairs of regions (2, P)."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(args.batch * 2, args.channels, args.size[0] // 8, args.size[1] // 8, generator=generator)
    features = torch.nn.functional.interpolate(coarse, tuple(args.size), mode='bilinear').unflatten(0, (-1, 2))
    blobs = torch.rand(args.batch, args.regions, args.size[0] // 12, args.size[1] // 12, generator=generator)
    regions = torch.nn.functional.interpolate(blobs, tuple(args.size), mode='bilinear').argmax(1)
    return features, regions, torch.triu_indices(2 * args.regions, 2 * args.regions, 1)


def loop(args: argparse.Namespace) -> dict[str, float]:
    """Time the published algorithm, with the errors in its formula corrected."""
    torch.set_num_threads(args.threads)
    features, regions, pairs = inputs(args)
    features, regions = features.numpy(), regions.numpy()
    gaussians: list[list[list[tuple[np.ndarray, np.ndarray]]]] = []

    def moments() -> None:
        gaussians[:] = [
            [
                [moments_of(features[image, task][:, regions[image] == number]) for number in range(args.regions)]
                for task in range(2)
            ]
            for image in range(args.batch)
        ]

    def distances() -> None:
        for image_gaussians in gaussians:
            members = [*image_gaussians[0], *image_gaussians[1]]
            for first, second in pairs.T.tolist():
                distance(members[first], members[second])

    def whole() -> None:
        moments()
        for image_gaussians in gaussians:
            losses = []
            for task in range(2):
                for number, anchor in enumerate(image_gaussians[task]):
                    others = [
                        image_gaussians[1 - task][(number + step) % args.regions] for step in range(1, NEGATIVES + 1)
                    ]
                    positive, *negatives = (
                        similarity(anchor, other) for other in (image_gaussians[1 - task][number], *others)
                    )
                    losses.append(-math.log(positive / (positive + sum(negatives))))
            np.mean(losses)

    return {
        'moments': median_seconds(moments, 'cpu'),
        'distances': median_seconds(distances, 'cpu', repeats=2),
        'whole': median_seconds(whole, 'cpu', repeats=2),
        'difference': 0.0,
        'largest': 0.0,
    }


def moments_of(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return pixels.mean(1), np.cov(pixels)


def distance(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the squared Wasserstein distance between two Gaussians, equation (5)."""
    root = scipy.linalg.sqrtm(one[1] @ other[1])
    return ((one[0] - other[0]) ** 2).sum() + np.trace(one[1] + other[1] - 2 * root.real)


def similarity(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    return math.exp(-distance(one, other) / TEMPERATURE)


def ours(args: argparse.Namespace) -> dict[str, float]:
    """Time the computations of `RegionContrast` on mapped features."""
    torch.set_num_threads(args.threads)
    features, regions, pairs = (part.to(args.device) for part in inputs(args))
    features = (
        features.flatten(0, 1).contiguous(memory_format=torch.channels_last).requires_grad_()
    )  # the layout after interpolation
    slots = regions[:, None].expand(-1, 2, -1, -1).flatten(0, 1)

    def moments() -> tuple[Tensor, Tensor]:
        mean_and_covariance = RegionPixels.of(slots, args.regions).moments(features)
        return tuple(part.unflatten(0, (-1, 2)).flatten(1, 2) for part in mean_and_covariance)

    gaussians = [part.detach().requires_grad_() for part in moments()]

    def distances() -> None:
        wasserstein(*gaussians).sum().backward()

    def whole() -> None:
        table = wasserstein(*moments()) / TEMPERATURE
        valid = torch.ones(table.shape[:2], dtype=torch.bool, device=table.device)
        noise_contrast(table, valid, valid, members=1)[0].mean().backward()

    with torch.no_grad():
        moments_seconds = median_seconds(moments, args.device)
        table = wasserstein(*gaussians)[0].cpu().double()
    members = [
        (mean.double().numpy(), covariance.double().numpy())
        for mean, covariance in zip(*(part[0].detach().cpu() for part in gaussians), strict=True)
    ]
    expected = torch.tensor([distance(members[first], members[second]) for first, second in pairs.T.tolist()])
    return {
        'moments': moments_seconds,
        'distances': median_seconds(distances, args.device),
        'whole': median_seconds(whole, args.device),
        'difference': (table[pairs[0].cpu(), pairs[1].cpu()] - expected).abs().max().item(),
        'largest': expected.max().item(),
    }


WAYS = {'loop': loop, 'ours': ours}

if __name__ == '__main__':
    main()
