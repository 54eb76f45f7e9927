"""The files of a prediction: a table of writers, each of which encodes some of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mmmtl.files.ply_files import CAMERA_FRAME, encode_ply
from mmmtl.geometry import point_cloud
from mmmtl.tasks import Task
from mmmtl.tasks.map_files import MapFiles
from mmmtl.visualization import draw_sheet
from mmmtl.visualization.cells import blend
from mmmtl.visualization.sheet import as_tensor


@dataclass(frozen=True)
class Prediction:
    """The maps of an image.

    Args:
        image: (H, W, 3) uint8 RGB.
        maps: ``{task: (H, W) or (H, W, C)}``.
        tasks: The tasks of the maps, by name.
        intrinsics: (3, 3) in pixels, if known; a point cloud needs them.
    """

    image: np.ndarray
    maps: Mapping[str, np.ndarray]
    tasks: Mapping[str, Task]
    intrinsics: np.ndarray | None = None


@dataclass(frozen=True)
class OutputWriter:
    """One kind of output files of an image.

    Args:
        suffixes: Returns, for the tasks, the endings of its files, which follow the name of the image.
        encode: Returns ``{suffix: content}``: arrays for ``.npy`` and ``.png``, or the bytes of a file.
    """

    suffixes: Callable[[Mapping[str, Task]], list[str]]
    encode: Callable[[Prediction], dict[str, np.ndarray | bytes]]


def map_suffixes(tasks: Mapping[str, Task]) -> list[str]:
    """Return the endings of the files of all maps, such as ``'.depth.png'``."""
    return [f'.{name}{suffix}' for name, task in tasks.items() for suffix in task.files.suffixes]


def encode_maps(prediction: Prediction) -> dict[str, np.ndarray | bytes]:
    """Encode every map by `mmmtl.tasks.Task.files`."""
    return {
        f'.{name}{suffix}': content
        for name, values in prediction.maps.items()
        for suffix, content in prediction.tasks[name].files.encode(values).items()
    }


def encode_arrays(prediction: Prediction) -> dict[str, np.ndarray | bytes]:
    """Return the values of every map; class indices as uint8."""
    return {
        f'.{name}.npy': compact(prediction.tasks[name].files.array(values)) for name, values in prediction.maps.items()
    }


def compact(values: np.ndarray) -> np.ndarray:
    """Return class indices, which are at most 255, as uint8, and other values as they are."""
    return values.astype(np.uint8) if values.dtype.kind in 'iu' else values


def encode_overlay(prediction: Prediction) -> dict[str, np.ndarray | bytes]:
    """Blend the image with the classes, or with the first map if there are none."""
    tasks = prediction.tasks
    name = next((name for name, task in tasks.items() if task.quantity == 'classes'), next(iter(tasks)))
    display, values = tasks[name].display, prediction.maps[name]
    return {'.overlay.png': blend(prediction.image, display.draw(values), display.known(values))}


def encode_sheet(prediction: Prediction) -> dict[str, np.ndarray | bytes]:
    """Draw image, overlay and all maps with their keys on one sheet."""
    rows = {'prediction': {name: as_tensor(values) for name, values in prediction.maps.items()}}
    return {'.sheet.png': draw_sheet(prediction.image, prediction.tasks, rows)}


def encode_point_cloud(prediction: Prediction) -> dict[str, np.ndarray | bytes]:
    """Back-project the pixels in the camera frame; without predicted normals, those of the depth.

    Raises:
        ValueError: The image has no intrinsics, or no task is depth.
    """
    depth, normal = depth_and_normal_tasks(prediction.tasks)
    if depth is None or prediction.intrinsics is None:
        raise ValueError('a point cloud needs depth and intrinsics')
    maps = prediction.maps
    cloud = point_cloud(
        prediction.image, maps[depth], prediction.intrinsics, normals=None if normal is None else maps[normal]
    )
    return {'.ply': encode_ply(cloud.points, cloud.colours, cloud.normals, CAMERA_FRAME)}


def depth_and_normal_tasks(tasks: Mapping[str, Task]) -> tuple[str | None, str | None]:
    """Return the names of the first task of depth in metres and of the first of normals, or None."""
    by_quantity = {task.quantity: name for name, task in reversed([*tasks.items()])}
    return by_quantity.get('depth'), by_quantity.get('normal')


WRITERS: dict[str, OutputWriter] = {
    'maps': OutputWriter(map_suffixes, encode_maps),
    'overlay': OutputWriter(lambda tasks: ['.overlay.png'], encode_overlay),
    'sheet': OutputWriter(lambda tasks: ['.sheet.png'], encode_sheet),
    'arrays': OutputWriter(lambda tasks: [f'.{name}.npy' for name in tasks], encode_arrays),
    'point-cloud': OutputWriter(lambda tasks: ['.ply'], encode_point_cloud),
}
"""The writers, by their name on the command line; `mmmtl.cli.predict.WRITERS` repeats the names."""


def lost_values(prediction: Prediction) -> list[str]:
    """Describe, for each task, which values the image files of a prediction cannot store."""
    files: Mapping[str, MapFiles] = {name: prediction.tasks[name].files for name in prediction.maps}
    lost = {name: files[name].lost(values) for name, values in prediction.maps.items()}
    return [f'{name}: {text}' for name, text in lost.items() if text]
