"""Predict all tasks for images and folders of images; writes a map per task and a sheet."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options

if TYPE_CHECKING:
    import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('images', nargs='+', metavar='IMAGE', help='image file, or folder of images')
    parser.add_argument(
        '--model',
        default='rooms_lite0',
        help='network of the model zoo, config file, name of a recipe, or a row of a table: FILE.py::ROW '
        '(default: rooms_lite0, for photographs of rooms)',
    )
    parser.add_argument('--checkpoint', help='its weights; a network of the model zoo has its own')
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

    A damaged image is reported and skipped; the exit code is then 1.

    Raises:
        ConfigError: The model has no weights.
        DataError: There is no image, two images have the same name, or the only image cannot be read.
    """
    from mmmtl.apis import MultiTaskInferencer
    from mmmtl.apis.init_model import resolve_network
    from mmmtl.apis.input_images import list_images
    from mmmtl.errors import ConfigError, DataError
    from mmmtl.files.output_folder import Output

    check_device(args.device)
    files = [
        file for text in args.images for file in (list_images(Path(text)) if Path(text).is_dir() else [Path(text)])
    ]
    names = [file.name for file in files]
    double = next((file for index, file in enumerate(files) if file.name in names[:index]), None)
    if double:
        raise DataError(f'{double}: another image has the same name; predict them into two folders: --out')
    config, checkpoint = resolve_network(args.model, args.checkpoint, args.cfg_options)
    if checkpoint is None:
        raise ConfigError(f'{args.model}: its weights are not published; give a checkpoint: --checkpoint FILE')
    infer = MultiTaskInferencer(config, checkpoint, args.device, size=None if args.own_size else 'trained')
    output = Output(Path(args.out))
    failed = 0
    for file in files if len(files) == 1 else output.progress(files, 'images'):
        try:
            maps = cast(dict[str, 'np.ndarray'], infer(file, show_dir=output.root))  # of one image
        except DataError as error:
            if len(files) == 1:
                raise
            failed += 1
            print(f'skipped: {error}', file=sys.stderr)
            continue
        for task, values in maps.items():
            output.write(f'{file.name}.{task}.npy', values)
    done = len(files) - failed
    print(f'{output.root}: maps of {", ".join(infer.model.tasks)} of {done} image(s)')
    if failed:
        print(f'{failed} of {len(files)} images were skipped', file=sys.stderr)
        sys.exit(1)
