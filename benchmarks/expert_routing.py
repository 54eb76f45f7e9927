"""Time of the experts of MLoREHead: all images at once, compared with a loop over images and their chosen experts.

    python benchmarks/expert_routing.py [--images 8] [--channels 768] [--size 28 36] [--repeats 5] [--device cuda]

Times the forward and backward pass of the experts of one block on features at stride 16. The loop runs only the chosen
experts of each image, as the published code does; all images at once run all experts, see `LowRankExperts`.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable

import torch
import torch.nn.functional as F
from options import add_size
from torch import Tensor

from mmmtl.cli.command_line import command
from mmmtl.models.decode_heads.expert_gates import top_gates
from mmmtl.models.decode_heads.low_rank_experts import LowRankExperts, RoutingOptions


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, default=8, help='feature maps, images times tasks (default: %(default)s)')
    parser.add_argument('--channels', type=int, default=768, help='channels of the features (default: %(default)s)')
    add_size(parser, 28, 36, 'the features')
    parser.add_argument(
        '--repeats', type=int, default=5, help='measured passes; the shortest one counts (default: %(default)s)'
    )
    parser.add_argument('--device', default='cpu', help='device of the experts (default: %(default)s)')
    options = parser.parse_args()

    torch.manual_seed(0)
    routing = RoutingOptions()
    experts = LowRankExperts(options.channels, routing.ranks).to(options.device)
    x = torch.randn(options.images, options.channels, *options.size, device=options.device, requires_grad=True)
    gates = top_gates(torch.randn(options.images, len(routing.ranks), device=options.device), routing.top_k, 'logits')
    difference = (experts(x, gates) - in_a_loop(experts, x, gates)).abs().max().item()
    vectorized = seconds(lambda: experts(x, gates), options.repeats)
    looped = seconds(lambda: in_a_loop(experts, x, gates), options.repeats)
    print(
        f'{options.images} images of {options.channels} x {options.size[0]} x {options.size[1]}, {options.device}: '
        f'{1000 * vectorized:.1f} ms at once, {1000 * looped:.1f} ms in a loop, ratio {looped / vectorized:.2f}; '
        f'largest difference {difference:.1e}'
    )


def in_a_loop(experts: LowRankExperts, x: Tensor, gates: Tensor) -> Tensor:
    """Return the output of `LowRankExperts`, (N, C, h, w), computed for one image and one chosen expert at a time."""
    ranks = experts.ranks.tolist()
    images = []
    for image, weights in zip(x, gates.tolist(), strict=True):
        total = torch.zeros_like(image[None])
        start = 0
        for index, (rank, weight) in enumerate(zip(ranks, weights, strict=True)):
            chosen = slice(start, start := start + rank)
            if weight > 0:
                narrow = F.conv2d(image[None], experts.down.weight[chosen], experts.down.bias[chosen], padding=1)
                total = total + weight * F.conv2d(narrow, experts.up.weight[:, chosen], experts.up_bias[index])
        images.append(total)
    return torch.cat(images)


def seconds(run: Callable[[], Tensor], repeats: int) -> float:
    """Return the shortest of ``repeats`` times of a forward and backward pass, in seconds."""
    times = []
    for _ in range(repeats + 1):  # the first run is a warm-up
        start = time.perf_counter()
        result = run()
        result.sum().backward()
        if result.is_cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])


if __name__ == '__main__':
    main()
