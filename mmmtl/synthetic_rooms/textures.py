"""Procedural textures: tiles without colour that all rooms share, and materials that colour them.

A tile has two channels t, s in 0..1; the colour of a material is A + t (B - A) + s (C - A) with three colours A, B, C.
Tiles are periodic and have mip levels, so that distant textures are averaged instead of aliased.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mmmtl.synthetic_rooms.rich_tiles import RICH
from mmmtl.synthetic_rooms.tiles import CLEAN, SIZE

LEVELS = 7  # 128, 64, ..., 2 texels
OFFSETS = np.cumsum([0] + [(SIZE >> i) ** 2 for i in range(LEVELS)])  # offset of each level in its tile
STRIDE = int(OFFSETS[-1])

# kind -> (drawing function, number of variants); all share one random generator, so the order matters
KINDS = CLEAN | RICH


class Bank(NamedTuple):
    """All texture tiles, with their mip levels, in one array."""

    texels: np.ndarray  # (tiles * STRIDE,) uint16: channel t in the low byte, s in the high byte
    first: dict[str, tuple[int, int]]  # kind -> (index of the first tile, number of variants)


@lru_cache(maxsize=1)
def bank() -> Bank:
    """Draw all texture tiles; they are the same for every room."""
    rng = np.random.default_rng(20240229)
    texels, first, count = [], {}, 0
    for kind, (draw, variants) in KINDS.items():
        first[kind] = (count, variants)
        count += variants
        for variant in range(variants):
            tile = np.clip(np.stack(np.broadcast_arrays(*draw(rng, variant))), 0, 1)  # (2, SIZE, SIZE)
            for _ in range(LEVELS):
                t, s = np.round(tile * 255).astype(np.uint16)
                texels.append((t + s * 256).reshape(-1))
                tile = (tile[:, ::2, ::2] + tile[:, 1::2, ::2] + tile[:, ::2, 1::2] + tile[:, 1::2, 1::2]) / 4
    return Bank(np.concatenate(texels), first)


class Materials:
    """The materials of a scene. Its methods add a material and return its index, or return a random colour."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.first = bank().first
        self.rows: list[tuple[float, ...]] = []

    def mix(
        self,
        kind: str,
        a: np.ndarray,
        b: np.ndarray | None = None,
        c: np.ndarray | None = None,
        *,
        repeat: float = 1.0,
        glow: float = 0.0,
    ) -> int:
        """Add a material.

        Args:
            kind: Kind of the texture, a key of ``KINDS``; the variant is random.
            a: Colour A (3,), sRGB in 0..1.
            b: Colour B; by default, A times 0.85.
            c: Colour C; by default, A times 0.6.
            repeat: Side of a tile in metres; 0 stretches one tile over the face.
            glow: Emitted light.

        Returns:
            Index of the material.
        """
        first, variants = self.first[kind]
        a = np.asarray(a)
        b = a * 0.85 if b is None else np.asarray(b)
        c = a * 0.6 if c is None else np.asarray(c)
        tile = first + int(self.rng.integers(variants))
        self.rows.append((tile, repeat, glow, *self.rng.random(2), *a, *b, *c))
        return len(self.rows) - 1

    def table(self) -> np.ndarray:
        """Return all materials (M, 14): tile, repeat, glow, offset u, v, and A, B - A, C - A in linear RGB."""
        rows = np.array(self.rows)
        rows[:, 5:] **= 2
        rows[:, 8:11] -= rows[:, 5:8]
        rows[:, 11:] -= rows[:, 5:8]
        return rows

    def paint(
        self, saturation: tuple[float, float] = (0.1, 0.7), value: tuple[float, float] = (0.3, 0.9)
    ) -> np.ndarray:
        """Return a random colour (3,) with saturation and value in the given ranges."""
        return hsv(self.rng.random(), self.rng.uniform(*saturation), self.rng.uniform(*value))

    def timber(self) -> np.ndarray:
        """Return a random colour (3,) of wood, from pine to walnut."""
        return hsv(self.rng.uniform(0.05, 0.11), self.rng.uniform(0.3, 0.65), self.rng.uniform(0.3, 0.85))

    def wood(self) -> int:
        """Add a wooden material."""
        colour = self.timber()
        return self.mix('wood', colour, colour * self.rng.uniform(0.7, 0.9), colour * 0.6, repeat=0.7)

    def plain(self, colour: np.ndarray, *, glow: float = 0.0) -> int:
        """Add a material of almost uniform colour."""
        return self.mix('plaster', colour, np.asarray(colour) * 0.88, repeat=0.8, glow=glow)

    def cloth(self, saturation: tuple[float, float] = (0.1, 0.7), value: tuple[float, float] = (0.25, 0.85)) -> int:
        """Add a plain, striped, checked or dotted fabric."""
        a = self.paint(saturation, value)
        kind = ('fabric', 'fabric', 'stripes', 'checks', 'dots')[self.rng.integers(5)]
        b = a * 0.75 if kind == 'fabric' else 0.5 * a + 0.5 * self.paint((0.0, 0.6), (0.3, 1.0))
        return self.mix(kind, a, b, repeat=self.rng.uniform(0.4, 0.9))


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """Return the sRGB colour (3,) of a hue, saturation and value, all in 0..1."""
    channels = ((n + hue * 6) % 6 for n in (5, 3, 1))
    return np.array([value * (1 - saturation * max(0.0, min(k, 4 - k, 1.0))) for k in channels])
