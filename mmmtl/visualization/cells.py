"""Maps of a sheet as images of the size they have on it."""

import cv2
import numpy as np

from mmmtl.visualization.keys import hatched


def fit_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image (H, W, 3) uint8 to ``size`` (h, w): by area if it shrinks, else by the nearest pixel."""
    shrinks = size[0] < image.shape[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST_EXACT)


def fit_map(drawn: np.ndarray, known: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a drawn map and hatch its void pixels.

    A pixel of the sheet has the mean colour of its known pixels, so that sparse depth remains visible.

    Args:
        drawn: (H, W, 3) uint8 RGB.
        known: (H, W), False where void.
        size: (h, w) on the sheet.
    """
    if known.all():
        return fit_image(drawn, size)
    if size[0] >= drawn.shape[0]:
        return np.where(fit_image(known.astype(np.uint8), size)[..., None] > 0, fit_image(drawn, size), hatched(size))
    weight = cv2.resize(known.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)[..., None]
    colour = cv2.resize((drawn * known[..., None]).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    mean = (colour / np.maximum(weight, 1e-3)).round().clip(0, 255).astype(np.uint8)
    return np.where(weight > 1e-3, mean, hatched(size))


def blend(image: np.ndarray, drawn: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the mean of an image and a drawn map, and the image where the map is void, (H, W, 3) uint8."""
    return np.where(known[..., None], (0.5 * image + 0.5 * drawn).astype(np.uint8), image)
