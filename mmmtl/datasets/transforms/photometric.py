"""Colour augmentation; labels and cameras do not change."""

from collections.abc import Callable

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.files.value_table import map_values
from mmmtl.registry import TRANSFORMS

STRIP = 2**14  # pixels; their intermediate results, 12 bytes each, fit into the cache


@TRANSFORMS.register_module()
class PhotometricDistortion(BaseTransform):
    """Change brightness, contrast, saturation and hue, each with probability 1/2; one draw for all views of a scene.

    Images are RGB uint8; the draws come from ``results['rng']``. The default ranges are those of SSD (Liu et al., ECCV
    2016), which SAK (ICLR 2025) uses. Contrast is applied before or after hue and saturation, at random.

    Args:
        brightness: Largest shift, in grey levels of 0..255.
        contrast: (min, max) factor, > 0.
        saturation: (min, max) factor, > 0.
        hue: Largest rotation in half degrees, the unit of OpenCV's 8-bit hue.
    """

    def __init__(
        self,
        brightness: float = 32,
        contrast: tuple[float, float] = (0.5, 1.5),
        saturation: tuple[float, float] = (0.5, 1.5),
        hue: float = 18,
    ) -> None:
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue

    def transform(self, results: dict) -> dict:
        rng = results['rng']
        shift = rng.uniform(-self.brightness, self.brightness) if rng.random() < 0.5 else 0.0
        contrast = rng.uniform(*self.contrast) if rng.random() < 0.5 else 1.0
        saturation = rng.uniform(*self.saturation) if rng.random() < 0.5 else 1.0
        turn = rng.uniform(-self.hue, self.hue) if rng.random() < 0.5 else 0.0
        contrast_first = rng.random() < 0.5
        before, after = (contrast, 1.0) if contrast_first else (1.0, contrast)

        def distort(image: np.ndarray) -> np.ndarray:
            if saturation == 1.0 and turn == 0.0:
                return map_values(lambda values: scale_to_bytes(shift_and_scale(values, shift, before), after), image)
            fractions = map_values(lambda values: to_fractions(shift_and_scale(values, shift, before)), image)
            return scale_to_bytes(change_hsv(fractions, saturation, turn), after)

        for view in results['views']:
            view['image'] = by_strips(distort, view['image'])
        return results


def by_strips(change: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """Apply a function of single pixels to strips of an image, so that intermediate results stay in the cache."""
    rows = max(1, STRIP // image.shape[1])
    return np.concatenate([change(image[top : top + rows]) for top in range(0, len(image), rows)])


def shift_and_scale(values: np.ndarray, shift: float, contrast: float) -> np.ndarray:
    """Return contrast * (values + shift) of values in 0..255, float32."""
    changed = values.astype(np.float32) + np.float32(shift)
    changed *= contrast
    return changed


def scale_to_bytes(values: np.ndarray, contrast: float) -> np.ndarray:
    """Return contrast * values, clipped to 0..255 and rounded down, uint8; ``values`` is overwritten."""
    values *= contrast
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


def to_fractions(values: np.ndarray) -> np.ndarray:
    """Convert values of 0..255 to 0..1; float32."""
    return values.clip(0, 255) / np.float32(255)


def change_hsv(fractions: np.ndarray, saturation: float, turn: float) -> np.ndarray:
    """Multiply the saturation and rotate the hue by ``turn`` half degrees of an RGB image.

    Args:
        fractions: (H, W, 3) float32 in 0..1.
        saturation: Factor.
        turn: Angle in half degrees.

    Returns:
        (H, W, 3) float32 in 0..255.
    """
    hue, colourfulness, value = cv2.split(cv2.cvtColor(fractions, cv2.COLOR_RGB2HSV))  # hue 0..360, the rest 0..1
    hue += 2 * turn
    if abs(2 * turn) < 360:  # hue is in -360..720: two comparisons give the same bits as %, many times faster
        hue -= (hue >= 360) * np.float32(360)
        hue += (hue < 0) * np.float32(360)
    else:
        hue %= 360
    colourfulness *= saturation
    np.clip(colourfulness, 0, 1, out=colourfulness)
    rgb: np.ndarray = cv2.cvtColor(cv2.merge([hue, colourfulness, value]), cv2.COLOR_HSV2RGB)
    rgb *= np.float32(255)
    return rgb
