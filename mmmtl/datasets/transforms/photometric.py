"""Colour augmentation; labels and cameras do not change."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PhotometricDistortion(BaseTransform):
    """Change brightness, contrast, saturation and hue, each with probability 1/2; one draw for all views of a scene.

    The default ranges are those of SSD (Liu et al., ECCV 2016), which SAK uses. Contrast is applied before or after hue
    and saturation, at random.

    Args:
        brightness: Largest shift, in grey levels of 0..255.
        contrast: (min, max) factor.
        saturation: (min, max) factor.
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
        for view in results['views']:
            image = view['image'].astype(np.float32) + np.float32(shift)
            if contrast_first:
                image *= contrast
            image = change_hue(image, saturation, turn)
            if not contrast_first:
                image *= contrast
            view['image'] = image.clip(0, 255).astype(np.uint8)
        return results


def change_hue(image: np.ndarray, saturation: float, turn: float) -> np.ndarray:
    """Multiply the saturation and rotate the hue by ``turn`` half degrees of a float RGB image in 0..255."""
    if saturation == 1.0 and turn == 0.0:
        return image
    hsv = cv2.cvtColor(image.clip(0, 255) / np.float32(255), cv2.COLOR_RGB2HSV)  # hue 0..360, the rest 0..1
    hsv[..., 0] = (hsv[..., 0] + 2 * turn) % 360
    hsv[..., 1] = (hsv[..., 1] * saturation).clip(0, 1)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255)
