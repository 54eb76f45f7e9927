"""Light sources of a room: lamps, windows, the sun through a window, and reflected light."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmmtl.synthetic_rooms.scene import Scene

PATTERN = 4  # pixels; each pixel of a square of this side samples another point of a soft light


class LightSource(ABC):
    """Base class of light sources."""

    colour: np.ndarray  # (3,) linear

    @abstractmethod
    def illuminate(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how the light falls on points of surfaces, without shadows.

        Args:
            point: Points (3, N) in metres.
            normal: Unit normals (3, N) of the surfaces.
            slot: Index (N,) of each pixel in its 4 x 4 square, 0..15.

        Returns:
            Vectors (3, N) from the points to the light, and strengths (N,); negative ones count as 0.
        """

    @abstractmethod
    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """Return a mask (N,) of the points ``start`` (3, N) that the light reaches along vectors of `illuminate`."""


@dataclass
class Light(LightSource):
    """A point light with hard shadows."""

    position: np.ndarray  # (3,) metres
    colour: np.ndarray  # (3,) linear
    facing: np.ndarray  # (3,) unit direction in which a window or a spot shines; zero if it shines in all

    def illuminate(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        towards = self.position[:, None] - point
        squared = dot(towards, towards)
        distance = np.sqrt(squared)
        strength = dot(normal, towards)
        strength /= distance
        squared *= np.float32(0.22)
        squared += np.float32(0.5)
        strength /= squared
        if self.facing.any():
            ahead = dot(-self.facing[:, None], towards)
            ahead /= distance
            strength *= np.maximum(ahead, 0, out=ahead)
        return towards, strength

    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        return ~scene.blocked(start, towards)


@dataclass
class SoftLight(Light):
    """A box-shaped area light with soft shadows.

    Each pixel of a 4 x 4 square samples another point of the light; the renderer averages over the square.
    """

    extent: np.ndarray  # (3,) half its size along x, y, z

    def illuminate(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        towards, strength = super().illuminate(point, normal, slot)
        towards += (LIGHT_SAMPLES * self.extent).astype(np.float32).T.take(slot, axis=1)
        return towards, strength


@dataclass
class Sun(LightSource):
    """Directional light that enters only through window panes."""

    direction: np.ndarray  # (3,) unit, towards the sun
    colour: np.ndarray  # (3,) linear

    def illuminate(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        strength = dot(self.direction[:, None], normal)
        jitter = (LIGHT_SAMPLES * 0.008).astype(np.float32).T.take(slot, axis=1)  # the sun is a disc, blurred by haze
        return self.direction[:, None] + jitter, strength

    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        return scene.sees_pane(start, towards)


@dataclass
class Reflection(LightSource):
    """Light reflected by one side of the room; its strength is (0.5 + 0.5 cos)^2 of the angle to that side."""

    direction: np.ndarray  # (3,) unit, towards that side
    colour: np.ndarray  # (3,) linear

    def illuminate(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        facing = 0.5 + 0.5 * dot(self.direction[:, None], normal)
        return np.broadcast_to(self.direction[:, None], point.shape), facing * facing

    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        return np.ones(start.shape[1], bool)


def light_at(position: tuple[float, float, float], colour: np.ndarray, facing: np.ndarray) -> Light:
    """Return a point light with all values in float32."""
    return Light(np.array(position, np.float32), colour.astype(np.float32), facing.astype(np.float32))


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the dot products (N,) of the columns of a and b (3, N)."""
    total = a[0] * b[0]
    total += a[1] * b[1]
    total += a[2] * b[2]
    return total


def pattern_indices(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the indices of pixels in their 4 x 4 squares, 0..15."""
    return y % PATTERN * PATTERN + x % PATTERN


def light_samples() -> np.ndarray:
    """Return points (16, 3) in -1..1 that are evenly spaced along each axis, in random order."""
    rng = np.random.default_rng(4)
    steps = (np.arange(PATTERN**2) + 0.5) / PATTERN**2 * 2 - 1
    return np.stack([rng.permutation(steps) for _ in range(3)], 1)


LIGHT_SAMPLES = light_samples()
