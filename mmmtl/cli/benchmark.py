"""Measure a network's forward pass: images per second and peak memory.

The input is noise and the weights are random; neither changes the speed. For parameters and FLOPs, use mmmtl flops.
"""

import argparse

from mmmtl.cli.device import check_device
from mmmtl.cli.options import add_cfg_options, add_config, add_size, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    add_size(parser, 'images')
    for name, minimum, default, text in (
        ('--batch-size', 1, 1, 'scenes in a batch'),
        ('--views', 1, 1, 'views of each scene, for cross-view networks'),
        ('--warm-up', 0, 3, 'passes before the measurement'),
        ('--repeats', 1, 10, 'measured passes'),
    ):
        parser.add_argument(
            name, type=at_least(minimum), default=default, metavar='N', help=f'{text} (default: {default})'
        )
    parser.add_argument('--amp', action='store_true', help='mixed precision: fp16 on a GPU, bf16 on a CPU')
    parser.add_argument('--device', help='cpu, cuda, cuda:1 ... (default: the GPU if there is one)')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Build the network without weights, run it and print the result.

    Raises:
        ConfigError: The config has no model, neither it nor ``--size`` states an image size, or memory is exhausted.
    """
    import torch

    from mmmtl.apis import load_config
    from mmmtl.checkpoints.replaced_weights import without_pretrained
    from mmmtl.engine.memory import keep_freed_memory
    from mmmtl.errors import ConfigError
    from mmmtl.experiments.forward_speed import forward_speed
    from mmmtl.registry import MODELS

    device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    check_device(device)
    config = load_config(args.config, args.cfg_options)
    size = args.size or (config.get('trained_for') or {}).get('size')
    if not config.get('model') or size is None:
        raise ConfigError(
            f'{args.config}: has no {"model" if size else "trained_for.size"}; give a recipe and --size H W'
        )
    height, width = size
    passes = {'warm_up': args.warm_up, 'repeats': args.repeats}
    if torch.device(device).type == 'cpu':
        keep_freed_memory()  # as in training and tests
    model = MODELS.build(without_pretrained(config.model)).to(device)
    try:
        speed = forward_speed(model, (height, width), args.batch_size, args.views, half=args.amp, **passes)
    except torch.cuda.OutOfMemoryError as error:
        reason = str(error).partition('.')[0]
        raise ConfigError(f'{args.batch_size * args.views} images of {height} x {width}: {reason}') from None
    name = torch.cuda.get_device_name(device) if torch.device(device).type == 'cuda' else _threads()
    views = f', {args.views} views each' if args.views > 1 else ''
    precision = 'mixed precision' if args.amp else 'float32'
    print(f'{args.config}: batch of {args.batch_size}{views}, {height} x {width}, {precision}, on {name}')
    median, low, high = speed.images_per_second()
    print(f'images per second  {median:.4g} (quartiles {low:.4g} to {high:.4g}, {args.repeats} passes)')
    print(f'ms per batch       {1e3 * speed.images / median:.4g}')
    print(f'peak memory        {speed.memory / 2**20:.0f} MiB ({speed.memory_before / 2**20:.0f} MiB before)')


def _threads() -> str:
    import torch

    count = torch.get_num_threads()
    return f'the CPU, {count} thread{"s" * (count > 1)}'
