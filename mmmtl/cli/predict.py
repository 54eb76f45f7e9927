"""Predict all tasks for images and videos; write maps for other programs, overlays and sheets.

IMAGE is an image, a video, a folder of images, a quoted pattern such as 'rooms/**/*.jpg', or a text file with a path
per line. Images that are finished are skipped, so that an interrupted command can be started again. The exit code is 1
if some of several images could not be read, and 2 if the only one could not.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mmmtl.cli.camera import add_camera, corrects_depth, image_camera, intrinsics_matrix
from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_model, at_least

if TYPE_CHECKING:
    from mmmtl.apis import MultiTaskInferencer
    from mmmtl.tasks import Task

WRITERS = ('maps', 'overlay', 'sheet', 'arrays', 'point-cloud')  # keys of mmmtl.predictions.output_files.WRITERS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('images', nargs='+', metavar='IMAGE', help='image, video, folder, pattern or list')
    add_model(parser)
    parser.add_argument('--onnx', metavar='FILE', help='predict with onnxruntime and a file of mmmtl export instead')
    parser.add_argument('--out', default='predictions', help='folder for the results (default: predictions)')
    parser.add_argument(
        '--write',
        nargs='+',
        choices=WRITERS,
        default=['maps', 'overlay', 'sheet'],
        metavar='WHAT',
        help='maps: IMAGE.TASK.png, and depth in metres as .npy; overlay: the classes over the image; sheet: all maps '
        'with their keys; arrays: every map as .npy; point-cloud: IMAGE.ply (default: maps overlay sheet)',
    )
    parser.add_argument(
        '--point-cloud',
        action='store_true',
        help='write IMAGE.ply too, points with colours and normals; needs --intrinsics or --field-of-view',
    )
    parser.add_argument('--overwrite', action='store_true', help='predict finished images again')
    parser.add_argument('--no-resize', action='store_true', help='do not resize images to the training size')
    add_camera(parser)
    parser.add_argument('--frame-step', type=at_least(1), default=1, metavar='N', help='use one frame in N of a video')
    parser.add_argument(
        '--batch-size',
        type=at_least(1),
        default=1,
        metavar='N',
        help='number of images that are predicted together (default: 1)',
    )
    parser.add_argument('--flip', action='store_true', help='average with the prediction of the mirrored image')
    parser.add_argument(
        '--scales',
        nargs='+',
        type=float,
        default=[1.0],
        metavar='SCALE',
        help='average over these scales, relative to the training size, e.g. 0.75 1 1.25',
    )
    parser.add_argument(
        '--window-tasks',
        nargs='+',
        default=[],
        metavar='TASK',
        help='predict these tasks in overlapping windows at a higher resolution, e.g. edge',
    )
    parser.add_argument(
        '--window-scale',
        type=float,
        default=2.0,
        metavar='SCALE',
        help='resolution of the windows, relative to the training size (default: 2)',
    )
    add_device(parser)
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Predict image by image, and write the results of each as soon as they exist.

    A damaged image is reported and skipped; the exit code is then 1.

    Raises:
        ConfigError: The model has no weights, an option has an impossible value, or point clouds lack a camera or
            depth.
        DataError: There is no image, two images have the same name, the only image cannot be read, or the folder has
            results of different settings.
    """
    from mmmtl.errors import ConfigError, DataError
    from mmmtl.predictions.image_sources import find_sources
    from mmmtl.predictions.prediction_folder import PredictionFolder
    from mmmtl.predictions.prediction_run import PredictionRun

    check_device(args.device)
    if Path(args.out).resolve() in {Path(image).resolve() for image in args.images}:
        raise DataError(
            f'--out {args.out}: is the folder of the images; results would be taken for images, choose another'
        )
    writers = [*args.write, *(['point-cloud'] if args.point_cloud else [])]
    camera, with_clouds = image_camera(args), 'point-cloud' in writers
    if with_clouds and camera is None:
        raise ConfigError(
            'a point cloud needs the camera: --field-of-view DEGREES, or --intrinsics FX FY CX CY (or FILE)'
        )
    sources = find_sources(args.images, args.frame_step, Path(args.out))
    infer, weights = _onnx_inferencer(args) if args.onnx else _inferencer(args)
    if with_clouds:
        check_depth(infer.model.tasks, args.onnx or args.model)
    corrected = corrects_depth(infer, args.onnx or args.model) if with_clouds else True
    settings = {
        'model': args.onnx or args.model,
        'weights': weights,
        **{name: getattr(args, name) for name in ('cfg_options', 'no_resize', 'field_of_view')},
        'intrinsics': None if args.intrinsics is None else intrinsics_matrix(args.intrinsics).tolist(),
        **{name: getattr(args, name) for name in ('flip', 'scales', 'window_tasks', 'window_scale')},
    }
    folder = PredictionFolder(Path(args.out), writers, infer.model.tasks, settings, args.overwrite)
    run = PredictionRun(infer, infer.model.tasks, folder, camera, corrected, args.batch_size)
    run.run(sources)
    finished = f', {run.kept} of them finished before' if run.kept else ''
    print(f'{args.out}: {", ".join(infer.model.tasks)} of {run.done + run.kept} image(s){finished}')
    if run.failed:
        print(f'{run.failed} file(s) could not be read', file=sys.stderr)
        sys.exit(1)


def _inferencer(args: argparse.Namespace) -> 'tuple[MultiTaskInferencer, str]':
    """Return the predictor, and a digest of its weights."""
    from mmmtl.apis import Averaging, MultiTaskInferencer
    from mmmtl.apis.init_model import resolve_network
    from mmmtl.errors import ConfigError
    from mmmtl.files.checksums import content_digest

    config, checkpoint = resolve_network(args.model, args.checkpoint, args.cfg_options)
    if checkpoint is None:
        raise ConfigError(f'{args.model}: its weights are not published; give a checkpoint: --checkpoint FILE')
    averaging = Averaging(args.flip, tuple(args.scales), tuple(args.window_tasks), args.window_scale)
    infer = MultiTaskInferencer(config, checkpoint, args.device, None if args.no_resize else 'trained', averaging)
    return infer, content_digest(Path(checkpoint).read_bytes())


def _onnx_inferencer(args: argparse.Namespace) -> 'tuple[MultiTaskInferencer, str]':
    """Return the predictor of an ONNX file, and a digest of the file."""
    from mmmtl.errors import ConfigError
    from mmmtl.export.onnx_inferencer import OnnxInferencer
    from mmmtl.files.checksums import content_digest

    refused = {
        '--checkpoint': args.checkpoint,
        '--cfg-options': args.cfg_options,
        '--device': args.device != 'cpu' and args.device,
        '--flip': args.flip,
        '--scales': args.scales != [1.0],
        '--window-tasks': args.window_tasks,
    }
    if given := [option for option, value in refused.items() if value]:
        raise ConfigError(f'--onnx {args.onnx}: cannot be combined with {", ".join(given)}; omit it')
    infer = OnnxInferencer(args.onnx, None if args.no_resize else 'trained')
    return infer, content_digest(Path(args.onnx).read_bytes())


def check_depth(tasks: 'Mapping[str, Task]', model: str) -> None:
    """Check that a point cloud can be made of the tasks.

    Raises:
        ConfigError: No task is depth.
    """
    from mmmtl.errors import ConfigError
    from mmmtl.predictions.output_files import depth_and_normal_tasks

    if depth_and_normal_tasks(tasks)[0] is None:
        raise ConfigError(
            f'{model}: does not predict depth, which a point cloud needs; omit --point-cloud or --write point-cloud'
        )
