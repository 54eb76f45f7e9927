"""Colours of maps: a spectrum for quantities, a ramp between two colours, spread hues for classes."""

import cv2
import numpy as np

Colour = tuple[int, int, int]  # RGB, 0..255


def spectrum(fraction: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fractions (H, W) of a range, clipped to [0, 1], from blue to red (H, W, 3); black where not ``known``."""
    colour = cv2.applyColorMap((255 * fraction.clip(0, 1)).astype(np.uint8), cv2.COLORMAP_TURBO)
    return np.where(known[..., None], colour[..., ::-1], 0).astype(np.uint8)


def middle_range(values: np.ndarray, known: np.ndarray) -> tuple[float, float]:
    """The 2nd and the 98th percentile of the known values; 0 and 1 where there are none."""
    return tuple(np.percentile(values[known], (2, 98))) if known.any() else (0.0, 1.0)


def ramp(fraction: np.ndarray, known: np.ndarray, low: Colour, high: Colour) -> np.ndarray:
    """Fractions (H, W) in [0, 1] from one colour to another (H, W, 3); black where not ``known``."""
    fraction = np.where(known, np.nan_to_num(fraction), 0).clip(0, 1)[..., None]
    colour = fraction * np.array(high) + (1 - fraction) * np.array(low)
    return np.where(known[..., None], colour, 0).astype(np.uint8)


def spread_colours(count: int) -> np.ndarray:
    """(count, 3) uint8 colours of evenly spread hue, lighter and darker by turns so that neighbours differ."""
    hue = np.arange(count) / count * 6
    ramps = np.abs((hue[:, None] + np.array([0, 4, 2])) % 6 - 3) - 1  # (count, 3): R, G, B of a pure hue
    value = np.where(np.arange(count) % 2, 0.65, 1.0)[:, None]
    return (255 * value * (0.2 + 0.8 * ramps.clip(0, 1))).round().astype(np.uint8)
