"""The images of a prediction on the page, and the archive to download."""

import base64
import html
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.predictions.output_files import Prediction, encode_maps
from mmmtl.tasks import Task
from mmmtl.visualization import draw_sheet
from mmmtl.visualization.cells import fit_image, fit_map
from mmmtl.visualization.keys import draw_key
from mmmtl.web.point_viewer import viewer, viewer_points
from mmmtl.web.prediction import PagePrediction

SLIDER, OVERVIEW, FONT = 1280, 560, 18  # pixels: longest side of an image, height of the letters


def shown_size(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Return the size (h, w) at which an image of ``shape`` (H, W) is shown; it is enlarged at most twofold."""
    scale = min(longest / max(shape[:2]), 2.0)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def thin_out(values: np.ndarray, longest: int) -> np.ndarray:
    """Leave out rows and columns of a large map or image; its longer side keeps at least twice ``longest`` pixels."""
    stride = max(1, max(values.shape[:2]) // (2 * longest))
    return values[::stride, ::stride]


def draw_map(task: Task, values: np.ndarray, longest: int) -> np.ndarray:
    """Draw a map in its colours, uint8 RGB, with at most ``longest`` pixels on its longer side."""
    display, size = task.display, shown_size(values.shape, longest)
    shown = thin_out(values, longest)
    return fit_map(display.draw(shown), display.known(shown), size)


def draw_map_key(task: Task, values: np.ndarray, width: int) -> np.ndarray:
    """Draw the key of a map: colour bar, classes, or the directions of normals; its height may be 0."""
    display, values = task.display, thin_out(values, OVERVIEW)
    has_void = not display.known(values).all()
    return draw_key(display, display.value_range(values), task.legend(values), has_void, width, FONT)


def slider_images(prediction: PagePrediction, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the photograph and a map, of one size."""
    size = shown_size(prediction.image.shape, SLIDER)
    return fit_image(prediction.image, size), draw_map(task, prediction.maps[task.name], SLIDER)


def overview(predictions: Iterable[PagePrediction], tasks: Mapping[str, Task]) -> str:
    """Return the photographs and all maps with their keys as HTML, with images as data URIs."""
    figures = []
    for prediction in predictions:
        height, width = size = shown_size(prediction.image.shape, OVERVIEW)
        figures.append(figure(f'{prediction.name}', fit_image(prediction.image, size), None))
        for name, task in tasks.items():
            values = prediction.maps[name]
            figures.append(figure(name, draw_map(task, values, OVERVIEW), draw_map_key(task, values, max(width, 240))))
    return f'<div class="maps">{"".join(figures)}</div>'


def figure(caption: str, image: np.ndarray, key: np.ndarray | None) -> str:
    """Return an image with its caption and its key as HTML."""
    text = f'<figure><figcaption>{html.escape(caption)}</figcaption>'
    text += f'<img alt="{html.escape(caption)}" src="{data_uri(image, "jpeg")}">'
    if key is not None and key.shape[0]:
        text += f'<img class="key" alt="key of {html.escape(caption)}" src="{data_uri(key, "png")}">'
    return f'{text}</figure>'


def data_uri(image: np.ndarray, kind: str) -> str:
    """Return an image as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **({'quality': 88} if kind == 'jpeg' else {}))
    return f'data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}'


def draw_cloud(prediction: PagePrediction, tasks: Mapping[str, Task]) -> str:
    """Return the point cloud of the depth as HTML; empty if no task has depth or no pixel has a value."""
    name = next((name for name, task in tasks.items() if task.quantity == 'depth'), None)
    if name is None:
        return ''
    cloud = viewer_points(prediction.image, prediction.maps[name], prediction.intrinsics)
    if not len(cloud.points):
        return ''
    how = 'Drag to turn, drag with Shift to move, use the wheel to zoom, double-click to reset.'
    lens = f'Back-projected with a horizontal field of view of {prediction.field_of_view:.0f}°.'
    return f'{viewer(cloud, prediction.image.shape[:2], prediction.intrinsics[0, 0])}<p>{how} {lens}</p>'


def write_archive(path: Path, predictions: Iterable[PagePrediction], tasks: Mapping[str, Task]) -> None:
    """Write the maps at the size of the photographs, and a sheet each, as a zip file.

    The files of a map are those of `Task.files`. PNG files are compressed already, so the archive is not.
    """
    with zipfile.ZipFile(path, 'w') as archive:
        for prediction in predictions:
            for suffix, content in encode_maps(Prediction(prediction.image, prediction.maps, tasks)).items():
                archive.writestr(f'{prediction.name}{suffix}', encode(content, Path(suffix).suffix))
            tensors = {
                name: torch.from_numpy(np.atleast_3d(thin_out(values, OVERVIEW)).transpose(2, 0, 1))
                for name, values in prediction.maps.items()
            }
            sheet = draw_sheet(thin_out(prediction.image, OVERVIEW), tasks, {'prediction': tensors})
            archive.writestr(f'{prediction.name}.sheet.png', encode(sheet, '.png'))


def encode(content: np.ndarray | bytes, suffix: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: The suffix is neither ``.npy`` nor ``.png``, and the content not yet encoded.
    """
    if isinstance(content, bytes):
        return content
    if suffix == '.npy':
        buffer = io.BytesIO()
        np.save(buffer, content)
        return buffer.getvalue()
    if suffix != '.png':
        raise DataError(f'{suffix}: expected .npy or .png for an array')
    pixels = content[..., ::-1] if content.ndim == 3 else content
    quick = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # levels above take seconds for a large photograph
    return cv2.imencode('.png', np.ascontiguousarray(pixels), quick)[1].tobytes()
