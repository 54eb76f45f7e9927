"""Colour maps of quantities and default colours of classes."""

import cv2
import numpy as np

Colour = tuple[int, int, int]  # RGB, 0..255


def turbo_colours(fraction: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Render values (H, W), clipped to [0, 1], from blue to red as uint8 (H, W, 3); black where not ``known``."""
    colour = cv2.applyColorMap((255 * np.nan_to_num(fraction).clip(0, 1)).astype(np.uint8), cv2.COLORMAP_TURBO)
    return np.where(known[..., None], colour[..., ::-1], 0).astype(np.uint8)


def percentile_range(values: np.ndarray, known: np.ndarray) -> tuple[float, float]:
    """Return the 2nd and 98th percentile of the known finite values; (0, 1) if there are none."""
    known = known & np.isfinite(values)
    if not known.any():
        return 0.0, 1.0
    low, high = np.percentile(values[known], (2, 98))
    return low, high


def ramp(fraction: np.ndarray, known: np.ndarray, low: Colour, high: Colour) -> np.ndarray:
    """Render values (H, W) in [0, 1] from one colour to another as uint8 (H, W, 3); black where not ``known``."""
    fraction = np.where(known, np.nan_to_num(fraction), 0).clip(0, 1)[..., None]
    colour = fraction * np.array(high) + (1 - fraction) * np.array(low)
    return np.where(known[..., None], colour, 0).astype(np.uint8)


def default_palette(count: int) -> np.ndarray:
    """Return (count, 3) uint8 colours of evenly spaced hue, alternately light and dark."""
    hue = np.arange(count) / count * 6
    ramps = np.abs((hue[:, None] + np.array([0, 4, 2])) % 6 - 3) - 1  # (count, 3): R, G, B of a pure hue
    value = np.where(np.arange(count) % 2, 0.65, 1.0)[:, None]
    return (255 * value * (0.2 + 0.8 * ramps.clip(0, 1))).round().astype(np.uint8)
