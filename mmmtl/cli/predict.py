"""Predict all tasks for an image or a folder of images; writes a map per task and a sheet."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_config

if TYPE_CHECKING:
    import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser, 'config of the network: a file, the name of a recipe, or a row of a table: FILE.py::ROW')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('images', help='image file, or folder of images')
    parser.add_argument(
        '--out',
        default='predictions',
        help='folder to fill with FILE NAME.TASK.npy and FILE NAME.png (default: predictions)',
    )
    parser.add_argument('--own-size', action='store_true', help='do not resize images to the size trained for')
    add_device(parser)
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Predict image by image, and write the maps as arrays at the image's own size.

    Raises:
        DataError: There is no image, or one cannot be read.
    """
    from mmmtl.apis import MultiTaskInferencer, load_config
    from mmmtl.apis.input_images import list_images
    from mmmtl.files.output_folder import Output

    check_device(args.device)
    images = Path(args.images)
    files = list_images(images) if images.is_dir() else [images]
    infer = MultiTaskInferencer(
        load_config(args.config, args.cfg_options),
        args.checkpoint,
        args.device,
        size=None if args.own_size else 'trained',
    )
    output = Output(Path(args.out))
    for file in files if len(files) == 1 else output.progress(files, 'images'):
        maps = cast(dict[str, 'np.ndarray'], infer(file, show_dir=output.root))  # of one image
        for task, values in maps.items():
            output.write(f'{file.name}.{task}.npy', values)
    print(f'{output.root}: maps of {", ".join(infer.model.tasks)} of {len(files)} image(s)')
