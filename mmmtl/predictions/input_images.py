"""Read the images that a user passes: files, folders, PIL images, arrays."""

from pathlib import Path

import numpy as np
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.files.image_files import to_rgb
from mmmtl.files.reading import read, read_image

SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}

ImageInput = str | Path | np.ndarray | Image.Image


def list_images(folder: Path) -> list[Path]:
    """Return the image files of a folder, sorted by name, without hidden ones and subfolders.

    Raises:
        DataError: There is none.
    """
    files = [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in SUFFIXES and not file.name.startswith('.') and not file.is_dir()
    ]
    if not files:
        raise DataError(f'{folder}: no image in this folder ({", ".join(sorted(SUFFIXES))})')
    return files


def is_image_input(value: object) -> bool:
    """Return whether a value can be one image: a path, a PIL image or an array."""
    return isinstance(value, str | Path | np.ndarray | Image.Image)


def to_image_array(image: ImageInput, name: str) -> np.ndarray:
    """Return an image as an array (H, W, 3) uint8 RGB, rotated as its EXIF data specify.

    Args:
        image: The image.
        name: Its name, for messages.

    Raises:
        DataError: It is not an image.
    """
    if isinstance(image, str | Path):
        if Path(image).is_dir():
            raise DataError(f'{image}: is a folder in a list of images; predict it separately')
        return read_image(Path(image))
    if isinstance(image, Image.Image):
        return read(Path(name), lambda: to_rgb(image, name)[0])
    if not isinstance(image, np.ndarray):
        raise DataError(f'{name}: expected a path, a PIL image or an array, found {type(image).__name__}')
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise DataError(f'{name}: expected an image H x W x 3, uint8 RGB, found {image.shape} {image.dtype}')
    return image


def image_name(image: ImageInput) -> str:
    """Return the name of an image for messages and for its sheet."""
    if isinstance(image, str | Path):
        return Path(image).name
    if isinstance(image, np.ndarray):
        return 'array'
    return 'image' if is_image_input(image) else type(image).__name__
