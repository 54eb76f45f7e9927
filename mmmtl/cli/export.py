"""Write a network as one ONNX or torch.export file, and compare it with PyTorch on a photograph."""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_size, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('model', help='network of the model zoo, config file, name of a recipe, or a row of a table')
    parser.add_argument('checkpoint', nargs='?', help='its weights; a network of the model zoo has its own')
    parser.add_argument('file', type=Path, help='the file to write: OUT.onnx or OUT.pt2')
    add_size(parser, 'images to compare')
    parser.add_argument('--fixed', action='store_true', help='accept images of this size only')
    parser.add_argument(
        '--probabilities', action='store_true', help='write probabilities of classes instead of class indices'
    )
    parser.add_argument(
        '--views',
        type=at_least(1),
        default=1,
        metavar='N',
        help='number of views of a scene; above 1, cameras are inputs too',
    )
    parser.add_argument('--image', type=Path, help='photograph to compare on (default: a sample image of scikit-image)')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Write the file, and print its inputs and the largest difference from PyTorch.

    Raises:
        ConfigError: The network cannot be exported, or differs by more than 1e-4 from PyTorch; no file is left.
        MissingExtraError: The extra ``onnx`` is not installed.
    """
    from mmmtl.apis.init_model import resolve_network
    from mmmtl.errors import ConfigError
    from mmmtl.export import export_model
    from mmmtl.files.reading import read_image

    config, checkpoint = resolve_network(args.model, args.checkpoint, args.cfg_options)
    if checkpoint is None:
        raise ConfigError(f'{args.model}: its weights are not published; give a checkpoint before the file to write')
    exported = export_model(
        config,
        checkpoint,
        args.file,
        size=args.size and tuple(args.size),
        fixed=args.fixed,
        probabilities=args.probabilities,
        views=args.views,
        photograph=read_image(args.image) if args.image else None,
    )
    height, width = exported.size
    size = 'any image size' if 'size' in exported.free else f'images of {height} x {width} pixels'
    one = f'{args.views} views of a scene' if args.views > 1 else 'batch size 1'
    batch = 'any batch size' if 'batch' in exported.free else one
    print(f'{args.file}: {args.file.stat().st_size / 1e6:.1f} MB; accepts {batch} and {size}')
    for task, difference in exported.differences.items():
        print(f'{task}: largest difference from PyTorch {difference:.1e}')
