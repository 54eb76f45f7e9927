"""The files that a prediction is written to, in forms that other programs read."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

MAX_MILLIMETRES = 2**16 - 1


class MapFiles:
    """Files of a map; by default the values as ``.npy``."""

    suffixes: tuple[str, ...] = ('.npy',)
    """Suffixes of the files that `encode` returns."""

    def encode(self, values: np.ndarray) -> dict[str, np.ndarray | bytes]:
        """Return ``{suffix: content}`` of the files of a prediction.

        Args:
            values: (H, W) or (H, W, C).

        Returns:
            Arrays for ``.npy`` and ``.png`` (uint8 or uint16), or the bytes of a file.
        """
        return {'.npy': self.array(values)}

    def array(self, values: np.ndarray) -> np.ndarray:
        """Return the values of a prediction as a ``.npy`` file holds them; by default as they are."""
        return values

    def lost(self, values: np.ndarray) -> str:
        """Return what the image files of a prediction lose, for a warning; empty if they lose nothing."""
        return ''


class ClassFiles(MapFiles):
    """Class indices as a PNG with a palette: pixel values are indices, and viewers show the colours of the classes.

    Args:
        palette: Colour per class, (K, 3) uint8.
        void: Index without a class.
    """

    suffixes = ('.png',)

    def __init__(self, palette: Sequence[Sequence[int]] | np.ndarray, void: int = 255) -> None:
        self.palette, self.void = np.asarray(palette, np.uint8), void

    def encode(self, values: np.ndarray) -> dict[str, np.ndarray | bytes]:
        colours = np.zeros((256, 3), np.uint8)
        colours[: len(self.palette)] = self.palette
        image = Image.fromarray(values.astype(np.uint8), 'L')
        image.putpalette(colours.tobytes())  # changes the mode to P
        file = io.BytesIO()
        image.save(file, 'PNG')
        return {'.png': file.getvalue()}


class DepthFiles(MapFiles):
    """Depth as 16-bit PNG in millimetres and as ``.npy``, float32, in metres.

    A PNG holds depths up to 65.535 m. Pixels beyond are 0 in it; the ``.npy`` file has all of them. Pixels without a
    depth are 0 in both, including those for which a network predicts less than 0, so that the files can be read as
    labels.
    """

    suffixes = ('.png', '.npy')

    def encode(self, values: np.ndarray) -> dict[str, np.ndarray | bytes]:
        millimetres = np.round(np.nan_to_num(values.astype(np.float64), posinf=np.inf, neginf=0) * 1000)
        fits = (millimetres > 0) & (millimetres <= MAX_MILLIMETRES)
        return {'.png': np.where(fits, millimetres, 0).astype(np.uint16), '.npy': self.array(values)}

    def array(self, values: np.ndarray) -> np.ndarray:
        return np.where(values < 0, 0, values).astype(np.float32)

    def lost(self, values: np.ndarray) -> str:
        beyond = np.count_nonzero(np.round(values.astype(np.float64) * 1000) > MAX_MILLIMETRES)
        return f'{beyond} pixels deeper than 65.535 m are 0 in the PNG; the .npy file has their depth' if beyond else ''


class NormalFiles(MapFiles):
    """Normals as an RGB PNG, in the usual colours: red = 127.5 (x + 1), green = 127.5 (1 - y), blue = 127.5 (1 - z).

    x is to the right, y down and z forward in the camera frame. Pixels without a normal are black.
    """

    suffixes = ('.png',)

    def encode(self, values: np.ndarray) -> dict[str, np.ndarray | bytes]:
        colours = np.round((values * np.array([1, -1, -1], np.float32) + 1) * 127.5).clip(0, 255)
        known = np.square(values).sum(-1, keepdims=True) > 0.25
        return {'.png': np.where(known, colours, 0).astype(np.uint8)}


class FractionFiles(MapFiles):
    """Probabilities in [0, 1] as an 8-bit grey PNG, times 255."""

    suffixes = ('.png',)

    def encode(self, values: np.ndarray) -> dict[str, np.ndarray | bytes]:
        return {'.png': np.round(255 * np.nan_to_num(values.clip(0, 1))).astype(np.uint8)}
