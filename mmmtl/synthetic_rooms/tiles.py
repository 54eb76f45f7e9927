"""Texture tiles of clean surfaces, a function per kind.

Each function takes a random generator and the index of a variant, and returns the channels t and s of a tile (see
`textures`), about 0..1 and broadcastable to (SIZE, SIZE).
"""

import numpy as np

SIZE = 128  # texels per side of a tile
V, U = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing='ij')  # row 0 is the bottom


def noise(rng: np.random.Generator, across: float, up: float | None = None) -> np.ndarray:
    """Return periodic smooth noise (SIZE, SIZE), mean 0.5 and standard deviation 0.2.

    It has about ``across`` periods per tile along rows and ``up`` along columns; by default, ``up`` is ``across``.
    """
    up = across if up is None else up
    frequency = np.fft.fftfreq(SIZE, 1 / SIZE)
    keep = np.exp(-((frequency[:, None] / up) ** 2 + (frequency[None] / across) ** 2))
    keep[0, 0] = 0
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIZE, SIZE))) * keep).real
    return 0.5 + 0.2 * field / field.std()


def wave(x: np.ndarray) -> np.ndarray:
    """Return a sine of period 1 with values in 0..1."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * x)


def plaster(rng, variant):
    """Draw coarse and fine grain."""
    return 0.5 * noise(rng, 4) + 0.5 * noise(rng, 40), 0


def wood(rng, variant):
    """Draw wood: rings with bright fibres."""
    rings = wave((3 + variant) * V + 1.5 * noise(rng, 1.2, 2))
    return 0.6 * rings + 0.4 * noise(rng, 3, 30), 0.6 * (noise(rng, 2, 45) > 0.8)


def planks(rng, variant):
    """Draw rows of boards with dark seams."""
    rows = 6 + 2 * variant
    row = (V * rows).astype(int)
    shift = rng.random(rows)[row]
    column = ((U * 2 + shift) % 2).astype(int)
    shade = rng.random((rows, 2))[row, column]
    seam = (V * rows % 1 < 0.06 * rows / 6) | ((U * 2 + shift) % 1 < 0.015)
    return 0.7 * shade + 0.4 * (noise(rng, 3, 40) - 0.3), seam


def tiles(rng, variant):
    """Draw square tiles with joints."""
    n = 4 - variant
    shade = rng.random((n, n))[(V * n).astype(int), (U * n).astype(int)]
    return 0.4 * shade + 0.6 * noise(rng, 8), (V * n % 1 < 0.025 * n) | (U * n % 1 < 0.025 * n)


def stripes(rng, variant):
    """Draw vertical stripes."""
    n, fraction = [(4, 0.5), (8, 0.3), (3, 0.6), (6, 0.5)][variant]
    return U * n % 1 < fraction, (U * n % 1 > fraction) * 0.15 * noise(rng, 50)


def checks(rng, variant):
    """Draw crossed stripes."""
    n = 4 + 2 * variant
    return 0.5 * (U * n % 1 < 0.5) + 0.5 * (V * n % 1 < 0.5), 0.5 * (U * n % 1 < 0.1)


def fabric(rng, variant):
    """Draw fabric: a weave or fine grain, with soft folds."""
    weave = 0.5 * wave(U * 32) * wave(V * 32) if variant else 0.5 * noise(rng, 60)
    return weave + 0.5 * noise(rng, 6), 0


def carpet(rng, variant):
    """Draw the tufts of a carpet."""
    return 0.6 * noise(rng, 45) + 0.4 * noise(rng, 3), noise(rng, 20) > 0.85


def dots(rng, variant):
    """Draw a grid of dots."""
    n = 3 + variant
    far = np.hypot(U * n % 1 - 0.5, V * n % 1 - 0.5)
    return far < 0.28, far < 0.12


def wallpaper(rng, variant):
    """Draw rows of leaves."""
    n = 2 + variant
    leaf = wave(U * n + 0.25 * wave(V * n)) * wave(V * n * 2 + 0.2 * wave(U * n))
    return 1 / (1 + np.exp(-20 * (leaf - 0.45))), 0


def brick(rng, variant):
    """Draw bricks with mortar."""
    row = (V * 8).astype(int)
    column = (U * 4 + 0.5 * (row % 2)) % 4
    shade = rng.random((8, 4))[row, column.astype(int)]
    return 0.7 * shade + 0.3 * noise(rng, 30), (V * 8 % 1 < 0.12) | (column % 1 < 0.06)


def painting(rng, variant):
    """Draw a painting of hills, patches or a person."""
    if variant % 3 == 0:  # hills under a sky with a sun
        hills = 0.3 + 0.4 * noise(rng, 2, 0.01)[0] > V
        sun = np.hypot(U - rng.uniform(0.2, 0.8), V - 0.75) < 0.1
        return np.where(hills, 0.6 + 0.4 * noise(rng, 10), 0.25 * V), sun
    if variant % 3 == 1:  # soft patches
        return noise(rng, 3) > 0.55, (noise(rng, 3) > 0.6) * (0.5 + noise(rng, 12))
    head = np.hypot((U - 0.5) * 1.3, V - 0.62) < 0.18  # a person
    body = np.hypot((U - 0.5) * 0.9, (V - 0.05) * 0.8) < 0.32
    return body | (noise(rng, 2) > 0.75), head


def screen(rng, variant):
    """Draw a dark screen with a reflection, or a screen with a picture."""
    if variant < 2:  # switched off: a faint reflection
        return 0.25 * (1.1 + 0.2 * variant < U + V) * (U + V < 1.6) + 0.15 * V, 0
    blocks = rng.random((3, 4))[(V * 3).astype(int), (U * 4).astype(int)]
    return np.where(V > 0.25, 0.3 + 0.5 * noise(rng, 3), blocks), noise(rng, 4) > 0.65


def outdoor(rng, variant):
    """Draw trees and houses below the sky."""
    trees = 0.25 + 0.08 * variant + 0.5 * (noise(rng, 4, 0.01)[0] - 0.4) > V
    heights = rng.uniform(0.1, 0.7, 8)[(U * 8).astype(int)]
    houses = (heights > V) & ~trees & (variant % 2 == 1)
    return np.where(trees, 0.6 + 0.8 * (noise(rng, 12) - 0.5), 0.15 * V), houses * (0.5 + 0.5 * (wave(V * 20) > 0.3))


def blinds(rng, variant):
    """Draw horizontal slats."""
    return wave(V * 16), 0


def folds(rng, variant):
    """Draw vertical folds of a curtain."""
    return wave(U * 6 + 0.5 * noise(rng, 2, 0.5)), 0.3 * noise(rng, 30)


def spine(rng, variant):
    """Draw the spine of a book with its title."""
    band = (np.abs(V - 0.8) < 0.05) | (np.abs(V - 0.15) < 0.03)
    title = (np.abs(U - 0.5) < 0.18) & (V > 0.3) & (V < 0.68) & (wave(V * (14 + 3 * variant)) > 0.4)
    return band * 1.0, title * 0.8


CLEAN = {
    'plaster': (plaster, 2), 'wood': (wood, 4), 'planks': (planks, 3), 'tiles': (tiles, 2), 'stripes': (stripes, 4),
    'checks': (checks, 3), 'fabric': (fabric, 2), 'carpet': (carpet, 2), 'dots': (dots, 3), 'wallpaper': (wallpaper, 3),
    'brick': (brick, 1), 'painting': (painting, 12), 'screen': (screen, 5), 'outdoor': (outdoor, 6),
    'blinds': (blinds, 1), 'folds': (folds, 2), 'spine': (spine, 2),
}  # fmt: skip
