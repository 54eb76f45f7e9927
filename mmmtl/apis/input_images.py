"""Images as users have them: files, folders, PIL images, arrays."""

from pathlib import Path

import numpy as np
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.files.image_files import image_of
from mmmtl.files.reading import read, read_image

SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}

ImageInput = str | Path | np.ndarray | Image.Image


def list_images(folder: Path) -> list[Path]:
    """The images of a folder, sorted by name.

    Raises:
        DataError: There is none.
    """
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES]
    if not files:
        raise DataError(f'{folder}: no image in this folder ({", ".join(sorted(SUFFIXES))})')
    return files


def is_image_input(value: object) -> bool:
    """Whether it can be one image: a path, a PIL image or an array."""
    return isinstance(value, str | Path | np.ndarray | Image.Image)


def to_image_array(picture: ImageInput, name: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright.

    Raises:
        DataError: It is none.
    """
    if isinstance(picture, str | Path):
        if Path(picture).is_dir():
            raise DataError(f'{picture}: a folder among several images; predict it by itself')
        return read_image(Path(picture))
    if isinstance(picture, Image.Image):
        return read(Path(name), lambda: image_of(picture, name)[0])
    if not isinstance(picture, np.ndarray):
        raise DataError(f'{name}: expected a path, a PIL image or an array, found {type(picture).__name__}')
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise DataError(f'{name}: expected an image H x W x 3, uint8 RGB, found {picture.shape} {picture.dtype}')
    return picture


def image_name(picture: ImageInput) -> str:
    """What to call it in messages and in the name of its sheet."""
    if isinstance(picture, str | Path):
        return Path(picture).name
    return {np.ndarray: 'array'}.get(type(picture), 'image') if is_image_input(picture) else type(picture).__name__
