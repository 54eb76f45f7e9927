"""What lights a room: lamps, windows, the sun through a window, and what the room reflects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmmtl.synthetic_rooms.scene import Scene

PATTERN = 4  # a soft light is looked at from another of its points in each pixel of a square of this side


class LightSource(ABC):
    """Something that lights a room."""

    colour: np.ndarray  # (3,) linear

    @abstractmethod
    def falls(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors (3, N) from points on surfaces to the light, and how much of it falls there (N,) if unblocked.

        Args:
            point: (3, N) metres.
            normal: (3, N) unit normals of the surfaces.
            slot: (N,) the position of each pixel in its 4 x 4 square, 0..15.
        """

    @abstractmethod
    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """Whether the light arrives at points (3, N) along the vectors of `falls`."""


@dataclass
class Light(LightSource):
    """A point that lights; its shadows are hard."""

    position: np.ndarray  # (3,) metres
    colour: np.ndarray  # (3,) linear
    facing: np.ndarray  # (3,) a window lights only what lies before it; zero for a lamp

    def falls(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
    """A light with an extent: each pixel of a 4 x 4 square sees another of its points, and the renderer averages."""

    extent: np.ndarray  # (3,) half its size along x, y, z

    def falls(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        towards, strength = super().falls(point, normal, slot)
        towards += (SPOTS * self.extent).astype(np.float32).T.take(slot, axis=1)
        return towards, strength


@dataclass
class Sun(LightSource):
    """Light from one direction, which enters through the panes of windows alone."""

    direction: np.ndarray  # (3,) unit, towards the sun
    colour: np.ndarray  # (3,) linear

    def falls(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        strength = dot(self.direction[:, None], normal)
        jitter = (SPOTS * 0.008).astype(np.float32).T.take(slot, axis=1)  # the sun is a disc, blurred by haze
        return self.direction[:, None] + jitter, strength

    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        return scene.sees_pane(start, towards)


@dataclass
class Reflection(LightSource):
    """Light that a side of the room throws back: all of it on what faces that side, none on what turns away from it."""

    direction: np.ndarray  # (3,) unit, towards that side
    colour: np.ndarray  # (3,) linear

    def falls(self, point: np.ndarray, normal: np.ndarray, slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        facing = 0.5 + 0.5 * dot(self.direction[:, None], normal)
        return np.broadcast_to(self.direction[:, None], point.shape), facing * facing

    def reaches(self, scene: Scene, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        return np.ones(start.shape[1], bool)


def light_at(position: tuple[float, float, float], colour: np.ndarray, facing: np.ndarray) -> Light:
    """A point light in single precision."""
    return Light(np.array(position, np.float32), colour.astype(np.float32), facing.astype(np.float32))


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Scalar products (N,) of the columns of a and b (3, N)."""
    total = a[0] * b[0]
    total += a[1] * b[1]
    total += a[2] * b[2]
    return total


def slots(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The place of pixels in their 4 x 4 squares, 0..15."""
    return y % PATTERN * PATTERN + x % PATTERN


def spots() -> np.ndarray:
    """Points (16, 3) within -1..1, spread evenly along each axis."""
    rng = np.random.default_rng(4)
    steps = (np.arange(PATTERN**2) + 0.5) / PATTERN**2 * 2 - 1
    return np.stack([rng.permutation(steps) for _ in range(3)], 1)


SPOTS = spots()
