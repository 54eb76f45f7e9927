"""Write a coloured point cloud of one image or several posed views as a PLY file.

Depth is predicted, or read from files. The camera must be given with --field-of-view or --intrinsics.
For a file per image, use mmmtl predict --point-cloud.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmmtl.cli.camera import add_camera, corrects_depth, image_camera
from mmmtl.cli.options import positive

if TYPE_CHECKING:
    import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('images', nargs='+', type=Path, metavar='IMAGE', help='image files, the views of one scene')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.ply', help='file to write')
    add_camera(parser, required=True)
    parser.add_argument(
        '--poses',
        type=Path,
        metavar='FILE',
        help='text file, 12 numbers per image: 3 x 4, world to camera',
    )
    parser.add_argument('--depth', nargs='+', type=Path, metavar='FILE', help='depth maps (default: predicted)')
    parser.add_argument(
        '--depth-scale',
        type=positive,
        metavar='METRES',
        help='length of a unit of the depth maps (default: 1 for floating point; integers need it)',
    )
    parser.add_argument('--max-depth', type=positive, metavar='METRES', help='omit points beyond this depth in metres')
    parser.add_argument('--model', default='rooms_lite0', help='network that predicts depth (default: rooms_lite0)')
    parser.add_argument('--checkpoint', help='its weights; a network of the model zoo has its own')


def run(args: argparse.Namespace) -> None:
    """Write the file.

    Raises:
        ConfigError: Options do not fit together, or the network does not predict depth.
        DataError: A file is missing or damaged, or a camera is not plausible.
    """
    from mmmtl.errors import ConfigError, DataError
    from mmmtl.files.ply_files import CAMERA_FRAME, write_ply
    from mmmtl.files.reading import read_image
    from mmmtl.geometry import PointCloud, point_cloud

    if args.out.suffix != '.ply':
        raise ConfigError(f'{args.out}: expected a name that ends in .ply')
    if not args.out.parent.is_dir():
        raise ConfigError(f'{args.out}: there is no folder {args.out.parent}')
    if len(args.images) > 1 and args.poses is None:
        raise ConfigError(f'{len(args.images)} images need the poses of their cameras: --poses FILE')
    if args.depth and len(args.depth) != len(args.images):
        raise ConfigError(f'--depth: {len(args.depth)} depth maps for {len(args.images)} images')
    if args.depth_scale and not args.depth:
        raise ConfigError('--depth-scale: needs --depth, as predicted depth is in metres')
    poses = read_poses(args.poses, len(args.images)) if args.poses else [None] * len(args.images)
    images = [read_image(path) for path in args.images]
    camera_of = image_camera(args)
    assert camera_of is not None, 'the parser requires a camera'
    cameras = [camera_of((image.shape[0], image.shape[1])) for image in images]
    maps = read_depths(args) if args.depth else predict_depths(args, images, cameras)
    clouds = []
    for path, image, camera, pose, (depth, normals) in zip(args.images, images, cameras, poses, maps, strict=True):
        try:
            cloud = point_cloud(image, depth, camera, normals=normals, camera_T_world=pose, max_depth=args.max_depth)
        except ValueError as error:
            raise DataError(f'{path}: {error}') from None
        clouds.append(cloud)
    cloud = PointCloud.merged(clouds)
    if not len(cloud):
        raise DataError(f'{args.images[0]}: no pixel has a known depth; check --depth and --max-depth')
    frame = 'metres; world frame' if args.poses else CAMERA_FRAME
    write_ply(args.out, cloud.points, cloud.colours, cloud.normals, frame)
    print(f'{args.out}: {len(cloud)} points of {len(images)} image(s), {args.out.stat().st_size / 1e6:.1f} MB')


def read_poses(path: Path, count: int) -> 'list[np.ndarray]':
    """Read ``count`` poses (4, 4), world to camera.

    Raises:
        DataError: The file has a different number of rows.
    """
    from mmmtl.errors import DataError
    from mmmtl.files.text_files import read_pose_rows

    poses = read_pose_rows(path)
    if len(poses) != count:
        raise DataError(f'{path}: has {len(poses)} poses for {count} images; give one row of 12 numbers per image')
    return list(poses)


def read_depths(args: argparse.Namespace) -> 'list[tuple[np.ndarray, None]]':
    """Read the depth maps in metres; normals are computed from them.

    Raises:
        ConfigError: A file has integers, but --depth-scale is not given.
    """
    from mmmtl.datasets.label_readers.sensor_depth import DEPTH, MISSING
    from mmmtl.datasets.records import LabelFile
    from mmmtl.errors import ConfigError
    from mmmtl.files.reading import read_array

    maps = []
    for path in args.depth:
        integers = read_array(path).dtype.kind != 'f'
        if integers and args.depth_scale is None:
            raise ConfigError(f'{path}: has integers; state the length of one unit in metres, e.g. --depth-scale 0.001')
        reader = LabelFile(path, args.depth_scale or 1.0, void=MISSING if integers else None)
        maps.append((reader.load(DEPTH), None))
    return maps


def predict_depths(
    args: argparse.Namespace, images: 'list[np.ndarray]', cameras: 'list[np.ndarray]'
) -> 'list[tuple[np.ndarray, np.ndarray | None]]':
    """Predict depth and, if the network has them, normals.

    Raises:
        ConfigError: The network has no published weights and no checkpoint is given, or it does not predict depth.
    """
    from mmmtl.apis import MultiTaskInferencer
    from mmmtl.apis.init_model import resolve_network
    from mmmtl.errors import ConfigError
    from mmmtl.predictions.output_files import depth_and_normal_tasks

    config, checkpoint = resolve_network(args.model, args.checkpoint)
    if checkpoint is None:
        raise ConfigError(f'{args.model}: its weights are not published; give a checkpoint: --checkpoint FILE')
    infer = MultiTaskInferencer(config, checkpoint)
    depth, normal = depth_and_normal_tasks(infer.model.tasks)
    if depth is None:
        raise ConfigError(f'{args.model}: does not predict depth; give depth maps: --depth FILE ...')
    results = infer(list(images), intrinsics=cameras if corrects_depth(infer, args.model) else None)
    assert isinstance(results, list)
    return [(maps[depth], maps[normal] if normal else None) for maps in results]
