"""Rates of the device, and three computations compared with a bound or a loop."""

import argparse
import statistics

import torch
from timing import median_seconds


def device(dry_run: bool) -> dict:
    """Measure the rates of copies and of matrix products."""
    numbers = {'torch': torch.__version__, 'cuda': torch.version.cuda}
    if not dry_run:
        properties = torch.cuda.get_device_properties(0)
        numbers |= {'device': properties.name, 'memory GiB': properties.total_memory / 2**30}
    return {'numbers': numbers | rates(dry_run)}


def rates(dry_run: bool) -> dict[str, float]:
    """Return bytes per second of a copy, read and written, and operations per second of a bf16 matrix product."""
    where = 'cpu' if dry_run else 'cuda'
    source = torch.empty(2**20 if dry_run else 2**31, dtype=torch.uint8, device=where)
    target = torch.empty_like(source)
    side = 64 if dry_run else 8192
    a, b = torch.randn(2, side, side, device=where).bfloat16()
    return {
        'copy bytes/s': 2 * source.numel() / median_seconds(lambda: target.copy_(source), where, repeats=10, warm_up=3),
        'bf16 matmul operations/s': 2 * side**3 / median_seconds(lambda: a @ b, where, repeats=10, warm_up=3),
    }


def cost_volume(dry_run: bool) -> dict:
    """Compare the cost volume in bf16, forward and backward, with the roofline and with warping to every plane.

    Any implementation reads the features, writes the volume in float32, reads its gradient and writes that of the
    features, and computes one product of length C per pixel and plane and two for its gradient. An implementation by
    correlation computes the products of all pairs of pixels instead.
    """
    from cost_volume import CHANNELS, measure

    batch, views, planes, size = (1, 2, 8, (6, 8)) if dry_run else (4, 2, 128, (56, 72))
    options = {'device': 'cpu' if dry_run else 'cuda', 'batch': batch, 'views': views, 'planes': planes, 'size': size}
    ours, naive = (measure(argparse.Namespace(**options, bf16=True, threads=1, way=way)) for way in ('ours', 'naive'))
    pixels, rate = size[0] * size[1], rates(dry_run)
    pairs = batch * views * (views - 1)
    moved = pairs * pixels * (2 * 4 * planes + 2 * 2 * 2 * CHANNELS)
    transfer = moved / rate['copy bytes/s']
    operations = {
        'any implementation': 6 * CHANNELS * planes * pixels * pairs,
        'correlation of all pixels': 6 * CHANNELS * pixels**2 * pairs,
    }
    roofline = {name: max(transfer, n / rate['bf16 matmul operations/s']) for name, n in operations.items()}
    return {
        'numbers': {
            'ms': 1e3 * ours['seconds'],
            'MiB': ours['bytes'] / 2**20,
            **{f'roofline of {name} ms': 1e3 * value for name, value in roofline.items()},
            'matrix products and copies alone ms': 1e3 * ours['least'],
            'warping to every plane ms': 1e3 * naive['seconds'],
            'warping to every plane MiB': naive['bytes'] / 2**20,
            'largest relative difference': ours['difference'],
        },
        'goals': [
            at_most(f'time / roofline of {name}', ours['seconds'] / value, 5) for name, value in roofline.items()
        ],
    }


def region_contrast(dry_run: bool) -> dict:
    """Compare region contrast on the device with the loop over regions and pairs on the CPU."""
    from region_contrast import loop, ours

    sizes = (
        {'batch': 2, 'regions': 3, 'channels': 4, 'size': (36, 48)}
        if dry_run
        else {'batch': 8, 'regions': 16, 'channels': 32, 'size': (144, 192)}
    )
    args = argparse.Namespace(**sizes, device='cpu' if dry_run else 'cuda', threads=1 if dry_run else 8)
    slow, fast = loop(args), ours(args)
    parts = ('distances', 'moments', 'whole')
    return {
        'numbers': {
            **{f'{part} loop ms': 1e3 * slow[part] for part in parts},
            **{f'{part} ours ms': 1e3 * fast[part] for part in parts},
            'largest difference of distances': fast['difference'],
            'largest distance': fast['largest'],
        },
        'goals': [at_least(f'{part}: loop / ours', slow[part] / fast[part], 20) for part in parts],
    }


def mapping(dry_run: bool) -> dict:
    """Compare the mapping loss in one batch with a loop over images and pairs."""
    from mapping import alternate

    options = (
        {'batch': 3, 'size': (32, 32), 'widths': (4, 4), 'pairs': 1}
        if dry_run
        else {'batch': 8, 'size': (96, 128), 'widths': (64, 128, 256, 512, 512), 'pairs': 9}
    )
    pairs = alternate(argparse.Namespace(**options, device='cpu' if dry_run else 'cuda', threads=1))
    batched, loop = (statistics.median(values) for values in zip(*pairs, strict=True))
    return {
        'numbers': {'batched ms': 1e3 * batched, 'loop ms': 1e3 * loop},
        'goals': [at_least('loop / batched', statistics.median(b / a for a, b in pairs), 1)],
    }


def at_least(name: str, value: float, bound: float) -> dict:
    return {'goal': f'{name} at least {bound}', 'measured': value, 'reached': value >= bound}


def at_most(name: str, value: float, bound: float) -> dict:
    return {'goal': f'{name} at most {bound}', 'measured': value, 'reached': value <= bound}
