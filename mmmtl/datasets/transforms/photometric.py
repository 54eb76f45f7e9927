"""Changes of colour; labels and cameras stay."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PhotometricDistortion(BaseTransform):
    """Brightness, contrast, saturation and hue, each with probability 1/2, the same draw for all views of a scene.

    The ranges are those of SSD, which SAK's recipe takes over: brightness +-32 of 255, contrast and saturation 0.5-1.5,
    hue +-18 of 180 degrees of OpenCV's hue. Contrast comes before or after the change in hue and saturation by chance.

    Args:
        brightness: Largest shift, in grey levels of 255.
        contrast: (lowest, highest) factor.
        saturation: (lowest, highest) factor.
        hue: Largest turn, in half degrees.
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
    """Float RGB in 0..255 with its saturation multiplied and its hue turned by ``turn`` half degrees."""
    if saturation == 1.0 and turn == 0.0:
        return image
    hsv = cv2.cvtColor(image.clip(0, 255) / np.float32(255), cv2.COLOR_RGB2HSV)  # hue 0..360, the rest 0..1
    hsv[..., 0] = (hsv[..., 0] + 2 * turn) % 360
    hsv[..., 1] = (hsv[..., 1] * saturation).clip(0, 1)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255)
