"""Small objects on furniture and floors: books, lamps, plants, vases.

The origin of an object is the centre of its base; that of a row of books is its left end.
"""

import numpy as np

from mmmtl.synthetic_rooms.primitives import BALL, FRUSTUM, Part, box, cylinder, round_part
from mmmtl.synthetic_rooms.textures import Materials, hsv


def standing_books(
    rng: np.random.Generator, covers: list[int], width: float, depth: float, height: float
) -> list[Part]:
    """Return a row of books that stand on z = 0, from x = 0 to at most ``width``, with their rear near y = depth / 2.

    Args:
        rng: Random generator.
        covers: Materials to choose the covers from.
        width: Largest length of the row in metres.
        depth: Depth of the shelf in metres; the books are shallower.
        height: Largest height of a book in metres.
    """
    n = int(width / 0.045)
    thick = rng.uniform(0.025, 0.065, n)
    ends = np.cumsum(thick).tolist()
    tall = (height * rng.uniform(0.65, 1.0, n)).tolist()
    deep = (depth * rng.uniform(0.65, 0.95, n)).tolist()
    cover = rng.integers(len(covers), size=n)
    return [
        box(
            covers[cover[i]],
            (ends[i] - thick[i] + 0.002, ends[i]),
            (depth / 2 - deep[i], depth / 2 - 0.01),
            (0, tall[i]),
        )
        for i in range(n)
        if ends[i] <= width
    ]


def lying_books(rng: np.random.Generator, mix: Materials) -> list[Part]:
    """Return a pile of books."""
    parts, z = [], 0.0
    for cover in book_covers(mix, int(rng.integers(2, 6))):
        w, d, h = rng.uniform(0.11, 0.16), rng.uniform(0.08, 0.11), rng.uniform(0.025, 0.06)
        part = box(cover, (-w, w), (-d, d), (z, z + h))
        parts.append((*part[:8], rng.uniform(-0.3, 0.3), part[9]))  # a random yaw
        z += h
    return parts


def book_covers(mix: Materials, n: int) -> list[int]:
    """Return the materials of the covers of n books."""
    covers = []
    for _ in range(n):
        a = mix.paint((0.3, 0.95), (0.2, 0.85))
        covers.append(mix.mix('spine', a, hsv(0.13, 0.4, 0.9), np.array([0.95, 0.93, 0.85]), repeat=0))
    return covers


def small_object(rng: np.random.Generator, mix: Materials, headroom: float) -> list[Part]:
    """Return a lamp, plant, vase, box, ball, bottle or mug, at most ``headroom`` metres tall."""
    kind = rng.integers(7)
    m = mix.plain(mix.paint((0.3, 0.95), (0.3, 0.95)))
    if kind == 0 and headroom > 0.5:
        return table_lamp(rng, mix, m)
    if kind <= 1 and headroom > 0.45:
        return plant(rng, mix, m, rng.uniform(0.3, 0.45))
    s = min(rng.uniform(1.0, 1.6), headroom / 0.32)
    if kind == 2:
        return [
            round_part(BALL, m, (0, 0), (0, 0.2 * s), (0.08 * s, 0.08 * s)),
            cylinder(m, (0, 0), (0.16 * s, 0.28 * s), 0.035 * s),
        ]
    if kind == 3:
        band = mix.plain(mix.paint((0.3, 0.9), (0.3, 0.95)))
        return [
            box(m, (-0.12 * s, 0.12 * s), (-0.08 * s, 0.08 * s), (0, 0.14 * s)),
            box(band, (-0.125 * s, 0.125 * s), (-0.085 * s, 0.085 * s), (0.14 * s, 0.18 * s)),
        ]
    if kind == 4:
        return [round_part(BALL, m, (0, 0), (0, 0.2 * s), (0.1 * s, 0.1 * s))]
    if kind == 5:
        return [
            cylinder(m, (0, 0), (0, 0.2 * s), 0.04 * s),
            round_part(FRUSTUM, m, (0, 0), (0.2 * s, 0.3 * s), (0.03 * s, 0.03 * s)),
        ]
    return [
        cylinder(m, (0, 0), (0, 0.12 * s), 0.05 * s),
        box(m, (0.04 * s, 0.09 * s), (-0.01, 0.01), (0.03 * s, 0.09 * s)),
    ]


def table_lamp(rng: np.random.Generator, mix: Materials, foot: int) -> list[Part]:
    """Return a table lamp whose base has the material ``foot``."""
    shade = mix.mix('fabric', hsv(0.1, rng.uniform(0.1, 0.5), 0.95), repeat=0.4, glow=0.5)
    return [
        cylinder(foot, (0, 0), (0, 0.03), 0.08),
        cylinder(foot, (0, 0), (0.03, 0.3), 0.02),
        round_part(FRUSTUM, shade, (0, 0), (0.24, 0.46), (0.15, 0.15)),
    ]


def floor_lamp(rng: np.random.Generator, mix: Materials) -> list[Part]:
    """Return a floor lamp."""
    foot, top = mix.plain(mix.paint((0.0, 0.3), (0.1, 0.7))), rng.uniform(1.4, 1.75)
    shade = mix.mix('fabric', hsv(0.1, rng.uniform(0.1, 0.5), 0.95), repeat=0.4, glow=0.5)
    return [
        cylinder(foot, (0, 0), (0, 0.03), 0.16),
        cylinder(foot, (0, 0), (0.03, top - 0.2), 0.02),
        round_part(FRUSTUM, shade, (0, 0), (top - 0.3, top), (0.22, 0.22)),
    ]


def plant(rng: np.random.Generator, mix: Materials, pot: int, height: float) -> list[Part]:
    """Return a plant of at most the given height in metres, with a pot of the material ``pot``."""
    leaf = mix.mix('carpet', hsv(rng.uniform(0.22, 0.38), 0.7, rng.uniform(0.35, 0.6)), repeat=0.3)
    r = height * 0.22
    parts = [
        cylinder(pot, (0, 0), (0, height * 0.35), r),
        cylinder(leaf, (0, 0), (height * 0.35, height * 0.7), r * 0.12),
    ]
    for _ in range(3):
        x, y, z = rng.uniform(-r, r), rng.uniform(-r, r), height * rng.uniform(0.5, 0.65)
        parts.append(round_part(BALL, leaf, (x, y), (z, z + height * 0.35), (r, r)))
    return parts
