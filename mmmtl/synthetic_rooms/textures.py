"""Procedural textures: a bank of grey tiles drawn once, and materials that colour them.

A tile has two channels t, s in 0..1; a material's colour is A + t (B - A) + s (C - A). Tiles repeat and carry their
halved copies (mip levels), so that a far texture is an average, not noise.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

SIZE = 128  # texels along a tile
LEVELS = 7  # 128, 64, ..., 2 texels
OFFSETS = np.cumsum([0] + [(SIZE >> i) ** 2 for i in range(LEVELS)])  # where a level starts within its tile
STRIDE = int(OFFSETS[-1])

V, U = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing='ij')  # row 0 is the bottom


class Bank(NamedTuple):
    texels: np.ndarray  # (tiles * STRIDE,) uint16: channel t in the low byte, s in the high byte
    first: dict[str, tuple[int, int]]  # kind -> (first tile, how many variants)


@lru_cache(maxsize=1)
def bank() -> Bank:
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


def noise(rng: np.random.Generator, across: float, up: float | None = None) -> np.ndarray:
    """Smooth repeating noise with about `across` and `up` waves per tile; mean 0.5, spread 0.2."""
    up = across if up is None else up
    frequency = np.fft.fftfreq(SIZE, 1 / SIZE)
    keep = np.exp(-((frequency[:, None] / up) ** 2 + (frequency[None] / across) ** 2))
    keep[0, 0] = 0
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIZE, SIZE))) * keep).real
    return 0.5 + 0.2 * field / field.std()


def wave(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.sin(2 * np.pi * x)


def plaster(rng, variant):
    return 0.5 * noise(rng, 4) + 0.5 * noise(rng, 40), 0


def wood(rng, variant):
    rings = wave((3 + variant) * V + 1.5 * noise(rng, 1.2, 2))
    return 0.6 * rings + 0.4 * noise(rng, 3, 30), 0.6 * (noise(rng, 2, 45) > 0.8)


def planks(rng, variant):
    rows = 6 + 2 * variant
    row = (V * rows).astype(int)
    shift = rng.random(rows)[row]
    column = ((U * 2 + shift) % 2).astype(int)
    shade = rng.random((rows, 2))[row, column]
    seam = (V * rows % 1 < 0.06 * rows / 6) | ((U * 2 + shift) % 1 < 0.015)
    return 0.7 * shade + 0.4 * (noise(rng, 3, 40) - 0.3), seam


def tiles(rng, variant):
    n = 4 - variant
    shade = rng.random((n, n))[(V * n).astype(int), (U * n).astype(int)]
    return 0.4 * shade + 0.6 * noise(rng, 8), (V * n % 1 < 0.025 * n) | (U * n % 1 < 0.025 * n)


def stripes(rng, variant):
    n, share = [(4, 0.5), (8, 0.3), (3, 0.6), (6, 0.5)][variant]
    return U * n % 1 < share, (U * n % 1 > share) * 0.15 * noise(rng, 50)


def checks(rng, variant):
    n = 4 + 2 * variant
    return 0.5 * (U * n % 1 < 0.5) + 0.5 * (V * n % 1 < 0.5), 0.5 * (U * n % 1 < 0.1)


def fabric(rng, variant):
    weave = 0.5 * wave(U * 32) * wave(V * 32) if variant else 0.5 * noise(rng, 60)
    return weave + 0.5 * noise(rng, 6), 0


def carpet(rng, variant):
    return 0.6 * noise(rng, 45) + 0.4 * noise(rng, 3), noise(rng, 20) > 0.85


def dots(rng, variant):
    n = 3 + variant
    far = np.hypot(U * n % 1 - 0.5, V * n % 1 - 0.5)
    return far < 0.28, far < 0.12


def wallpaper(rng, variant):
    n = 2 + variant
    leaf = wave(U * n + 0.25 * wave(V * n)) * wave(V * n * 2 + 0.2 * wave(U * n))
    return 1 / (1 + np.exp(-20 * (leaf - 0.45))), 0


def brick(rng, variant):
    row = (V * 8).astype(int)
    column = (U * 4 + 0.5 * (row % 2)) % 4
    shade = rng.random((8, 4))[row, column.astype(int)]
    return 0.7 * shade + 0.3 * noise(rng, 30), (V * 8 % 1 < 0.12) | (column % 1 < 0.06)


def painting(rng, variant):
    if variant % 3 == 0:  # hills under a sky with a sun
        hills = V < 0.3 + 0.4 * noise(rng, 2, 0.01)[0]
        sun = np.hypot(U - rng.uniform(0.2, 0.8), V - 0.75) < 0.1
        return np.where(hills, 0.6 + 0.4 * noise(rng, 10), 0.25 * V), sun
    if variant % 3 == 1:  # soft patches
        return noise(rng, 3) > 0.55, (noise(rng, 3) > 0.6) * (0.5 + noise(rng, 12))
    head = np.hypot((U - 0.5) * 1.3, V - 0.62) < 0.18  # a figure
    body = np.hypot((U - 0.5) * 0.9, (V - 0.05) * 0.8) < 0.32
    return body | (noise(rng, 2) > 0.75), head


def screen(rng, variant):
    if variant < 2:  # switched off: a faint reflection
        return 0.25 * (U + V > 1.1 + 0.2 * variant) * (U + V < 1.6) + 0.15 * V, 0
    blocks = rng.random((3, 4))[(V * 3).astype(int), (U * 4).astype(int)]
    return np.where(V > 0.25, 0.3 + 0.5 * noise(rng, 3), blocks), noise(rng, 4) > 0.65


def outdoor(rng, variant):
    trees = V < 0.25 + 0.08 * variant + 0.5 * (noise(rng, 4, 0.01)[0] - 0.4)
    heights = rng.uniform(0.1, 0.7, 8)[(U * 8).astype(int)]
    houses = (V < heights) & ~trees & (variant % 2 == 1)
    return np.where(trees, 0.6 + 0.8 * (noise(rng, 12) - 0.5), 0.15 * V), houses * (0.5 + 0.5 * (wave(V * 20) > 0.3))


def blinds(rng, variant):
    return wave(V * 16), 0


def folds(rng, variant):
    return wave(U * 6 + 0.5 * noise(rng, 2, 0.5)), 0.3 * noise(rng, 30)


def spine(rng, variant):
    band = (np.abs(V - 0.8) < 0.05) | (np.abs(V - 0.15) < 0.03)
    title = (np.abs(U - 0.5) < 0.18) & (V > 0.3) & (V < 0.68) & (wave(V * (14 + 3 * variant)) > 0.4)
    return band * 1.0, title * 0.8


KINDS = {
    'plaster': (plaster, 2), 'wood': (wood, 4), 'planks': (planks, 3), 'tiles': (tiles, 2), 'stripes': (stripes, 4),
    'checks': (checks, 3), 'fabric': (fabric, 2), 'carpet': (carpet, 2), 'dots': (dots, 3), 'wallpaper': (wallpaper, 3),
    'brick': (brick, 1), 'painting': (painting, 12), 'screen': (screen, 5), 'outdoor': (outdoor, 6),
    'blinds': (blinds, 1), 'folds': (folds, 2), 'spine': (spine, 2),
}  # fmt: skip


class Materials:
    """The materials of one scene, numbered as they are mixed."""

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
        """A new material of sRGB colours; `repeat` is the length of a tile in metres, 0 fits it to the part."""
        first, variants = self.first[kind]
        a = np.asarray(a)
        b = a * 0.85 if b is None else np.asarray(b)
        c = a * 0.6 if c is None else np.asarray(c)
        tile = first + self.rng.integers(variants)
        self.rows.append((tile, repeat, glow, *self.rng.random(2), *a, *b, *c))
        return len(self.rows) - 1

    def table(self) -> np.ndarray:
        """(M, 14): tile, repeat, glow, shift u v, then A, B - A, C - A in linear light."""
        rows = np.array(self.rows)
        rows[:, 5:] **= 2
        rows[:, 8:11] -= rows[:, 5:8]
        rows[:, 11:] -= rows[:, 5:8]
        return rows

    def paint(
        self, saturation: tuple[float, float] = (0.1, 0.7), value: tuple[float, float] = (0.3, 0.9)
    ) -> np.ndarray:
        """Any colour of that saturation and value."""
        return hsv(self.rng.random(), self.rng.uniform(*saturation), self.rng.uniform(*value))

    def timber(self) -> np.ndarray:
        """The colour of some wood, from pine to walnut."""
        return hsv(self.rng.uniform(0.05, 0.11), self.rng.uniform(0.3, 0.65), self.rng.uniform(0.3, 0.85))

    def wood(self) -> int:
        colour = self.timber()
        return self.mix('wood', colour, colour * self.rng.uniform(0.7, 0.9), colour * 0.6, repeat=0.7)

    def plain(self, colour: np.ndarray, *, glow: float = 0.0) -> int:
        return self.mix('plaster', colour, np.asarray(colour) * 0.88, repeat=0.8, glow=glow)

    def cloth(self, saturation: tuple[float, float] = (0.1, 0.7), value: tuple[float, float] = (0.25, 0.85)) -> int:
        """Plain, striped, checked or dotted cloth."""
        a = self.paint(saturation, value)
        kind = ('fabric', 'fabric', 'stripes', 'checks', 'dots')[self.rng.integers(5)]
        b = a * 0.75 if kind == 'fabric' else 0.5 * a + 0.5 * self.paint((0.0, 0.6), (0.3, 1.0))
        return self.mix(kind, a, b, repeat=self.rng.uniform(0.4, 0.9))


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """The sRGB colour (3,) of a hue, saturation and value, all in 0..1."""
    channels = ((n + hue * 6) % 6 for n in (5, 3, 1))
    return np.array([value * (1 - saturation * max(0.0, min(k, 4 - k, 1.0))) for k in channels])
