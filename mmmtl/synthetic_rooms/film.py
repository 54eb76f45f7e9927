"""Convert the radiance that reaches a camera to an 8-bit image."""

import cv2
import numpy as np


class Film:
    """A camera response with automatic exposure, gamma 2 and a little sensor noise."""

    def develop(self, radiance: np.ndarray, exposure: float, rng: np.random.Generator) -> np.ndarray:
        """Convert linear radiance to an 8-bit image.

        Args:
            radiance: (3, H, W) float32, linear RGB.
            exposure: Factor on the automatic exposure.
            rng: Random generator of the noise.

        Returns:
            The image (H, W, 3) uint8 RGB.
        """
        gain = exposure * np.clip(0.32 / radiance.mean(), 0.6, 2.0) * rng.uniform(0.9, 1.1)
        noise = rng.standard_normal(radiance.shape, np.float32)
        strength = np.float32(rng.uniform(1, 3))
        image = np.empty((*radiance.shape[1:], 3), np.uint8)
        for channel, grain, out in zip(radiance, noise, np.moveaxis(image, 2, 0), strict=True):
            value = channel * np.float32(gain)
            np.minimum(value, 1, out=value)
            np.sqrt(value, out=value)
            value *= np.float32(255)
            grain *= strength
            value += grain
            value += np.float32(0.5)
            out[:] = np.clip(value, 0, 255, out=value).astype(np.uint8)
        return image


class PhotographicFilm:
    """The response of consumer cameras.

    In this order: imperfect white balance and exposure, glare around bright areas, vignetting, a tone curve that
    compresses highlights, random contrast and saturation, and noise whose variance grows with the signal.
    """

    def develop(self, radiance: np.ndarray, exposure: float, rng: np.random.Generator) -> np.ndarray:
        """Convert linear radiance (3, H, W) to an image (H, W, 3) uint8 RGB; see `Film.develop`."""
        image = np.moveaxis(radiance, 0, 2)  # (H, W, 3)
        height, width = image.shape[:2]
        cast = image.mean((0, 1)) / image.mean()
        image = image / cast ** np.float32(rng.uniform(0.1, 0.9))  # white balance removes a part of the light's colour
        image *= np.exp(rng.normal(0, 0.08, 3)).astype(np.float32)
        image *= np.float32(exposure * np.exp(rng.uniform(np.log(0.14), np.log(0.42))) / image.mean())

        glare = np.maximum(image - 0.9, 0)
        spread = rng.uniform(0.01, 0.04) * width
        image += np.float32(rng.uniform(0, 0.4)) * cv2.GaussianBlur(glare, (0, 0), max(spread, 0.3))
        y, x = ((np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1 for n in (height, width))
        image *= (1 - np.float32(rng.uniform(0, 0.35)) * (y[:, None] ** 2 + x**2) / 2)[..., None]

        image *= (1 + image / np.float32(rng.uniform(3, 6))) / (
            1 + image
        )  # compress highlights instead of clipping them
        curve = np.clip(image * np.float32(1.35), 0, 1) ** np.float32(rng.uniform(0.4, 0.52))
        strength = np.float32(rng.uniform(0, 0.35))
        curve += strength * (curve * curve * (3 - 2 * curve) - curve)  # contrast
        grey = curve.mean(2, keepdims=True)
        curve = grey + (curve - grey) * np.float32(rng.uniform(0.7, 1.25))
        grain = rng.standard_normal(curve.shape, np.float32)
        read, shot = rng.uniform(0.002, 0.012), rng.uniform(0.0, 0.02)
        curve += grain * np.sqrt(read**2 + shot**2 * np.clip(curve, 0, 1)).astype(np.float32)
        return np.clip(curve * 255 + 0.5, 0, 255).astype(np.uint8)
