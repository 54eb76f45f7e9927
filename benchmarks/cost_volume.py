"""Time and peak memory of the cost volume, forward and backward, compared with warping the features to every plane.

    python benchmarks/cost_volume.py                                     # two CPU cores, one pair of views at 448 x 576
    python benchmarks/cost_volume.py --device cuda --batch 4 --bf16

The two implementations alternate, each run in a new process, so that their memory is measured separately. Peak memory
excludes the inputs: resident memory on a CPU, allocated memory on a GPU. "least" is a lower bound on the time of any
implementation by correlation: the three matrix products of the correlation and its gradient, writing the volume once
and reading its gradient once.
"""

import argparse
import contextlib
import json
import math
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import torch
from options import add_threads
from timing import synchronize
from torch import Tensor
from torch.nn.functional import grid_sample

from mmmtl.geometry import inverse_depth_planes, relative_pose, sampling_grid, sweep_positions
from mmmtl.models.necks.cross_view import CostVolume
from mmmtl.models.necks.cross_view.neighbours import take_neighbours

CHANNELS = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--device', default='cpu', help='device of both implementations (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=1, help='number of scenes (default: %(default)s)')
    parser.add_argument('--views', type=int, default=2, help='views per scene (default: %(default)s)')
    parser.add_argument(
        '--planes', type=int, default=128, help='depth planes of the cost volume (default: %(default)s)'
    )
    parser.add_argument(
        '--size', type=int, nargs=2, default=(56, 72), metavar=('h', 'w'), help='size of the feature maps'
    )
    parser.add_argument('--bf16', action='store_true', help='run in bf16 autocast')
    add_threads(parser)
    parser.add_argument('--rounds', type=int, default=3, help='runs of each implementation (default: %(default)s)')
    parser.add_argument(
        '--way', choices=WAYS, help='run one implementation in this process and print its results as JSON'
    )
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args)))
        return
    results = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way, runs in results.items():
            command = [sys.executable, Path(__file__), *sys.argv[1:], '--way', way]
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    median = {w: {k: statistics.median(run[k] for run in runs) for k in runs[0]} for w, runs in results.items()}
    precision = 'bf16' if args.bf16 else 'fp32'
    height, width = args.size
    print(f'{args.device} {precision} B={args.batch} V={args.views} C={CHANNELS} D={args.planes} {height}x{width}')
    for way, numbers in median.items():
        print(f'{way:>6}: {numbers["seconds"] * 1e3:9.2f} ms  {numbers["bytes"] / 2**20:8.1f} MiB')
    ratios = {k: median['ours'][k] / median['naive'][k] for k in ('seconds', 'bytes')}
    print(f'ours / naive: time {ratios["seconds"]:.3f}, memory {ratios["bytes"]:.3f}')
    print(f'ours / least: time {median["ours"]["seconds"] / median["ours"]["least"]:.2f}')
    print(f'largest difference, relative to the largest value: {median["ours"]["difference"]:.1e}')


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Run one implementation; return the median seconds of forward and backward pass, and the peak memory in bytes."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device(args.device)
    features = torch.randn(args.batch, args.views, CHANNELS, *args.size, device=device, requires_grad=True)
    intrinsics, poses = (x.to(device) for x in cameras(args))
    gradient = torch.randn(args.batch, args.views, args.planes, *args.size, device=device)
    volume = CostVolume(planes=args.planes, depth_range='indoor')
    way = WAYS[args.way]
    autocast = torch.autocast(device.type, dtype=torch.bfloat16) if args.bf16 else contextlib.nullcontext()

    def run() -> float:
        features.grad = None
        synchronize(device)
        start = time.perf_counter()
        with autocast:
            cost = way(volume, features, intrinsics, poses)
        cost.backward(gradient)
        synchronize(device)
        return time.perf_counter() - start

    if device.type == 'cuda':
        run()  # allocates the workspaces of cuBLAS, which all later products share
    with peak_memory(device) as peak:
        first = run()  # on a CPU, memory is measured in the first run, before the allocator reuses blocks
    seconds = [first] + [run() for _ in range(20 if device.type == 'cuda' else 4)]
    numbers = {'seconds': statistics.median(seconds[1:]), 'bytes': peak[0]}
    if args.way == 'ours':
        with torch.no_grad(), autocast:
            expected = naive(volume, features, intrinsics, poses)
            ours = volume(features, intrinsics, poses)
        numbers['difference'] = ((ours - expected).abs().max() / expected.abs().max()).item()
        numbers['least'] = least_seconds(features, gradient, torch.bfloat16 if args.bf16 else torch.float32)
    return numbers


def naive(volume: CostVolume, features: Tensor, intrinsics: Tensor, camera_T_world: Tensor) -> Tensor:
    """Return the cost volume by warping the features of all neighbours to all planes (B, V, M, C, D, h, w)."""
    height, width = features.shape[-2:]
    planes = inverse_depth_planes(volume.near, volume.far, volume.planes, device=features.device)
    source_poses, source_intrinsics, sources = (
        take_neighbours(x, None) for x in (camera_T_world, intrinsics, features)
    )
    positions = sweep_positions(
        intrinsics[:, :, None].expand_as(source_intrinsics).flatten(0, 2),
        source_intrinsics.flatten(0, 2),
        relative_pose(source_poses, camera_T_world[:, :, None]).flatten(0, 2),
        planes,
        (height, width),
    )
    warped = grid_sample(sources.flatten(0, 2), sampling_grid(positions, height, width), align_corners=False)
    warped = warped.unflatten(0, sources.shape[:3]).unflatten(-1, (height, width))  # (B, V, M, C, D, h, w)
    return (features[:, :, None, :, None] * warped).sum(3).mean(2) / math.sqrt(CHANNELS)


def least_seconds(features: Tensor, gradient: Tensor, precision: torch.dtype) -> float:
    """Return the median seconds of the matrix products and copies that any implementation by correlation needs."""
    sources = take_neighbours(features.detach(), None).flatten(0, 2).flatten(2).to(precision)
    references = sources.flip(0)
    correlation = torch.bmm(references.mT, sources)
    seconds = []
    for _ in range(5):
        synchronize(features.device)
        start = time.perf_counter()
        torch.bmm(references.mT, sources)
        gradient.clone()
        torch.bmm(references, correlation)
        torch.bmm(sources, correlation.mT)
        gradient.clone()
        synchronize(features.device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


WAYS = {'naive': naive, 'ours': CostVolume.__call__}


def cameras(args: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """Return intrinsics with the field of view of a phone, and poses 10 cm apart in a row, each slightly rotated."""
    height, width = args.size
    intrinsics = torch.tensor([[0.9 * width, 0, width / 2], [0, 0.9 * width, height / 2], [0, 0, 1]])
    poses = torch.eye(4).repeat(args.views, 1, 1)
    for view in range(args.views):
        angle = 0.03 * view
        poses[view, 0, [0, 2]] = torch.tensor([math.cos(angle), math.sin(angle)])
        poses[view, 2, [0, 2]] = torch.tensor([-math.sin(angle), math.cos(angle)])
        poses[view, 0, 3] = -0.1 * view
    return intrinsics.repeat(args.batch, args.views, 1, 1), poses.repeat(args.batch, 1, 1, 1)


@contextlib.contextmanager
def peak_memory(device: torch.device):
    """Measure the peak memory of the block above that at its start; yields a list whose element is set on exit."""
    peak = [0]
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        start = torch.cuda.memory_allocated()
        yield peak
        peak[0] = torch.cuda.max_memory_allocated() - start
        return
    start, done = resident(), threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            peak[0] = max(peak[0], resident() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def resident() -> int:
    """Return the resident memory of this process in bytes (Linux)."""
    fields = Path('/proc/self/statm').read_text().split()
    return int(fields[1]) * 4096


if __name__ == '__main__':
    main()
