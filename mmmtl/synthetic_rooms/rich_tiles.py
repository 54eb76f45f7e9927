"""Texture tiles with wear, grain and ornament; a function per kind, as in `tiles`."""

import numpy as np

from mmmtl.synthetic_rooms.tiles import U, V, noise, wave


def octaves(rng: np.random.Generator, first: float, count: int = 4) -> np.ndarray:
    """Return noise of several scales in 0..1 for stains and wear; finer noise has a smaller amplitude."""
    layers = [(noise(rng, first * 2.3**i) - 0.5) * 0.65**i for i in range(count)]
    return np.clip(0.5 + sum(layers), 0, 1)


def mottle(rng, variant):
    """Draw soft stains."""
    stains = octaves(rng, 1.5 + variant, 4)
    return 0.3 + 0.7 * (stains - 0.3), np.clip(octaves(rng, 3, 3) - 0.6, 0, 1)


def speckle(rng, variant):
    """Draw terrazzo: dark and bright chips."""
    return 0.3 * octaves(rng, 2) + 0.4 * (noise(rng, 30) > 0.72), (noise(rng, 45) > 0.85) * 0.8


def brushed(rng, variant):
    """Draw brush strokes."""
    return 0.6 * noise(rng, 2, 50) + 0.4 * octaves(rng, 2), 0


def grain(rng, variant):
    """Draw wood grain: curved rings with knots."""
    bend = 0.8 * noise(rng, 1, 2) + 0.15 * noise(rng, 4, 8)
    rings = wave((4 + 3 * variant) * (V + bend))
    knots = noise(rng, 2.5, 2.5)
    return 0.5 * rings**2 + 0.3 * noise(rng, 2, 55) + 0.2 * octaves(rng, 2), 0.7 * (knots > 0.93) + 0.25 * (1 - rings)


def parquet(rng, variant):
    """Draw parquet: squares of strips in alternating directions."""
    n = 4 + 2 * variant  # squares per side
    row, column = (V * n).astype(int), (U * n).astype(int)
    along = (row + column) % 2 == 0
    strip = np.where(along, V * n * 4, U * n * 4)
    shade = rng.random((n, n, 4))[row, column, strip.astype(int) % 4]
    fibre = np.where(along, noise(rng, 4, 50), noise(rng, 50, 4))
    return 0.6 * shade + 0.4 * fibre, ((strip % 1 < 0.12) | (V * n % 1 < 0.03) | (U * n % 1 < 0.03)) * 0.5


def herringbone(rng, variant):
    """Draw boards in a zigzag."""
    n = 8
    zigzag = (V * n + np.abs(U * n % 2 - 1) * 1.0) % n
    shade = rng.random((n, n))[zigzag.astype(int), (U * n).astype(int)]
    return 0.65 * shade + 0.35 * noise(rng, 25), ((zigzag % 1 < 0.08) | (U * n % 1 < 0.05)) * 0.5


def marble(rng, variant):
    """Draw marble with thin veins."""
    veins = np.abs(octaves(rng, 1.5, 5) - 0.5) * (9 + 4 * variant)
    return 0.6 * octaves(rng, 2), np.exp(-veins * veins) * 0.8


def slabs(rng, variant):
    """Draw large slabs of stone."""
    n = 2 + variant
    shade = rng.random((n, n))[(V * n).astype(int), (U * n).astype(int)]
    joint = (V * n % 1 < 0.02 * n) | (U * n % 1 < 0.02 * n)
    return 0.35 * shade + 0.65 * octaves(rng, 3), joint * (0.6 + 0.4 * noise(rng, 5))


def knit(rng, variant):
    """Draw ribs of stitches."""
    n = 16 + 8 * variant
    rib = wave(U * n) * (0.6 + 0.4 * wave(V * n * 2 + 0.3 * wave(U * n)))
    return 0.6 * rib + 0.4 * octaves(rng, 2), 0


def leather(rng, variant):
    """Draw leather with creases."""
    folds_of_skin = np.abs(noise(rng, 18) - noise(rng, 22)) < 0.05
    return octaves(rng, 2), folds_of_skin * 0.5


def ornament(rng, variant):
    """Draw flowers in rings."""
    n = 2 + variant % 3
    u, v = np.abs(U * n % 1 - 0.5), np.abs(V * n % 1 - 0.5)
    far, angle = np.hypot(u, v), np.arctan2(v, u)
    petals = far < 0.22 + 0.12 * np.cos((4 + 2 * (variant % 2)) * angle)
    ring = np.abs(far - 0.42) < 0.03
    wear = octaves(rng, 3)
    return (petals * 0.8 + 0.2) * (0.6 + 0.4 * wear), ring * 0.8 + (far < 0.08) * 0.6


def collage(rng, variant):
    """Draw overlapping rectangles and discs, for photographs and posters."""
    t, s = 0.5 * octaves(rng, 1.2), 0.3 * octaves(rng, 1.2)
    for _ in range(5 + 2 * (variant % 4)):
        u, v, w, h = rng.uniform(0, 1, 2).tolist() + rng.uniform(0.05, 0.35, 2).tolist()
        disc = np.hypot((U - u) / w, (V - v) / h) < 1
        box = (np.abs(U - u) < w) & (np.abs(V - v) < h)
        inside = disc if rng.random() < 0.5 else box
        t = np.where(inside, rng.uniform(0, 1) * (0.7 + 0.3 * octaves(rng, 4, 2)), t)
        s = np.where(inside, rng.uniform(0, 1), s)
    return t, s


def page(rng, variant):
    """Draw a printed page: lines of text around a figure."""
    lines = 12 + 4 * variant
    row = (V * lines).astype(int)
    ends = rng.uniform(0.5, 0.95, lines)[row]
    ink = (V * lines % 1 > 0.45) & (U > 0.08) & (ends > U) & (noise(rng, 45, 20) > 0.42)
    figure = (np.abs(U - 0.5) < 0.3) & (np.abs(V - 0.7) < 0.18)
    return np.where(figure, octaves(rng, 3), ink * 1.0), figure * 0.5 * octaves(rng, 2)


RICH = {
    'mottle': (mottle, 4), 'speckle': (speckle, 2), 'brushed': (brushed, 2), 'grain': (grain, 3),
    'parquet': (parquet, 2), 'herringbone': (herringbone, 1), 'marble': (marble, 3), 'slabs': (slabs, 2),
    'knit': (knit, 3), 'leather': (leather, 2), 'ornament': (ornament, 4), 'collage': (collage, 12), 'page': (page, 3),
}  # fmt: skip
