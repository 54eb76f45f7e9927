"""Random camera effects on images: exposure, blur, noise and JPEG compression; labels and cameras are unchanged."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.errors import ConfigError
from mmmtl.registry import TRANSFORMS


class CameraEffect(BaseTransform):
    """Base class of random effects on the image; labels and camera are unchanged.

    The parameters are drawn from the random generator of the sample and are the same for all views of a scene; only
    noise values differ between views. Images are uint8 RGB.

    Args:
        probability: Probability that the views of a scene are changed.

    Raises:
        ConfigError: ``probability``, or an option of the effect, is out of range.
    """

    def __init__(self, probability: float) -> None:
        self.probability = self.checked_value('probability', probability, 1)

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        """Draw the parameters for a scene; return a function that changes one image (H, W, 3)."""

    def checked_range(
        self, name: str, found: tuple[float, float], minimum: float, maximum: float
    ) -> tuple[float, float]:
        """Check an option that is a range, and return it.

        Raises:
            ConfigError: It is not (lowest, highest) within [minimum, maximum].
        """
        if not isinstance(found, Sequence) or len(found) != 2 or not minimum <= found[0] <= found[1] <= maximum:
            raise ConfigError(
                f'{type(self).__name__}.{name} must be (lowest, highest) between {minimum} and {maximum}, found {found}'
            )
        return found

    def checked_value(self, name: str, found: float, maximum: float) -> float:
        """Check an option that is a number, and return it.

        Raises:
            ConfigError: It is not within [0, maximum].
        """
        if not isinstance(found, int | float) or not 0 <= found <= maximum:
            raise ConfigError(f'{type(self).__name__}.{name} must be a number from 0 to {maximum}, found {found}')
        return found

    def transform(self, results: dict) -> dict:
        if results['rng'].random() < self.probability:
            change = self.draw(results['rng'])
            for view in results['views']:
                view['image'] = np.ascontiguousarray(change(view['image']))
        return results


@TRANSFORMS.register_module()
class RandomExposure(CameraEffect):
    """Change exposure, white balance and tone curve: values x in 0..1 become (gain x)^gamma, with a gain per channel.

    Args:
        probability: Probability that the views of a scene are changed.
        stops: Largest change of the exposure in stops (powers of two) of light; values change by its square root.
        warmth: Largest change of the ratio of red and blue, as a natural logarithm.
        gamma: (lowest, highest) exponent.
    """

    def __init__(
        self,
        probability: float = 0.5,
        stops: float = 0.8,
        warmth: float = 0.25,
        gamma: tuple[float, float] = (0.8, 1.25),
    ) -> None:
        super().__init__(probability)
        self.stops = self.checked_value('stops', stops, 8)
        self.warmth = self.checked_value('warmth', warmth, 4)
        self.gamma = self.checked_range('gamma', gamma, 0.1, 10)

    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        warmth = rng.uniform(-self.warmth, self.warmth) / 2
        gain = 2 ** (rng.uniform(-self.stops, self.stops) / 2) * np.exp([warmth, 0.0, -warmth])
        values = np.minimum(np.arange(256)[:, None] / 255 * gain, 1) ** rng.uniform(*self.gamma)
        table = (values * 255 + 0.5).astype(np.uint8)[None]  # (1, 256, 3)
        return lambda image: cv2.LUT(image, table)


@TRANSFORMS.register_module()
class RandomBlur(CameraEffect):
    """Blur images as if the camera were out of focus or moved during the exposure.

    Args:
        probability: Probability that the views of a scene are blurred.
        sigma: (lowest, highest) standard deviation of the Gaussian, in pixels of an image 320 pixels wide.
        motion: Probability that a blur is motion blur, along a line of length 3 sigma in a random direction.
    """

    def __init__(self, probability: float = 0.3, sigma: tuple[float, float] = (0.3, 1.5), motion: float = 0.3) -> None:
        super().__init__(probability)
        self.sigma = self.checked_range('sigma', sigma, 0.01, 100)
        self.motion = self.checked_value('motion', motion, 1)

    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        sigma, is_motion, angle = rng.uniform(*self.sigma) / 320, rng.random() < self.motion, rng.uniform(0, np.pi)
        if is_motion:
            return lambda image: cv2.filter2D(image, -1, line(3 * sigma * image.shape[1], angle))
        return lambda image: cv2.GaussianBlur(image, (0, 0), sigma * image.shape[1])


def line(length: float, angle: float) -> np.ndarray:
    """Return a kernel (K, K), summing to 1, that averages along a line of the given length and angle in radians."""
    half = int(np.ceil(length / 2))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    along, aside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.clip(length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(aside), 0, 1)
    return (kernel / kernel.sum()).astype(np.float32)


@TRANSFORMS.register_module()
class RandomNoise(CameraEffect):
    """Add the sensor noise of low light: independent per pixel or, as after denoising, in larger grains.

    Args:
        probability: Probability that noise is added to the views of a scene.
        strength: (lowest, highest) standard deviation, in grey levels of 0..255.
    """

    def __init__(self, probability: float = 0.3, strength: tuple[float, float] = (1.0, 12.0)) -> None:
        super().__init__(probability)
        self.strength = self.checked_range('strength', strength, 0, 255)

    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        strength, coarse = np.float32(rng.uniform(*self.strength)), rng.random() < 0.5

        def noisy(image: np.ndarray) -> np.ndarray:
            grain: np.ndarray = rng.standard_normal(image.shape, np.float32)
            if coarse:
                grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
                grain = grain / grain.std()
            return np.clip(image + strength * grain + np.float32(0.5), 0, 255).astype(np.uint8)

        return noisy


@TRANSFORMS.register_module()
class RandomJPEG(CameraEffect):
    """Compress images as JPEG.

    Args:
        probability: Probability that the views of a scene are compressed.
        quality: (lowest, highest) quality, whole numbers from 1 to 100.
    """

    def __init__(self, probability: float = 0.3, quality: tuple[int, int] = (30, 95)) -> None:
        super().__init__(probability)
        self.quality = self.checked_range('quality', quality, 1, 100)

    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        options = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(int(self.quality[0]), int(self.quality[1]) + 1))]

        def compressed(image: np.ndarray) -> np.ndarray:
            encoded = cv2.imencode('.jpg', image[..., ::-1], options)[1]
            decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
            assert decoded is not None  # it has just been encoded
            return decoded[..., ::-1]

        return compressed
