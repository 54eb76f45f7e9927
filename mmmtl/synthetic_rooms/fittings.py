"""Objects on walls and ceilings: pictures, televisions, windows, doors, lamps.

An object on a wall has x along the wall, which is at y = 0, and extends towards -y.
"""

import numpy as np

from mmmtl.synthetic_rooms.primitives import BALL, FRUSTUM, Part, box, cylinder, round_part
from mmmtl.synthetic_rooms.textures import Materials, hsv


def picture(rng: np.random.Generator, mix: Materials, width: float, height: float) -> list[Part]:
    """Return a framed picture of the given width and height in metres."""
    w, h, rim = width / 2, height / 2, rng.uniform(0.025, 0.06)
    frame = mix.wood() if rng.random() < 0.6 else mix.plain(mix.paint((0.0, 0.4), (0.05, 0.9)))
    canvas = mix.mix(
        'painting',
        mix.paint((0.2, 0.8), (0.5, 1.0)),
        mix.paint((0.4, 0.9), (0.2, 0.9)),
        mix.paint((0.4, 1.0), (0.3, 1.0)),
        repeat=0,
    )
    parts = [box(frame, (-w, w), (-0.03, 0), (-h, h))]
    if rng.random() < 0.5:
        mat = mix.plain(mix.paint((0.0, 0.1), (0.88, 1.0)))
        parts.append(box(mat, (-w + rim, w - rim), (-0.033, -0.03), (-h + rim, h - rim)))
        rim += 0.13 * min(width, height)
    return parts + [box(canvas, (-w + rim, w - rim), (-0.036, -0.03), (-h + rim, h - rim))]


def television(rng: np.random.Generator, mix: Materials, width: float, *, stand: bool) -> list[Part]:
    """Return a flat screen with an aspect ratio of 16:9.

    With ``stand``, it has a foot that stands on z = 0; otherwise its centre is at z = 0.
    """
    w, h = width / 2, width * 9 / 32
    black = mix.plain(np.full(3, rng.uniform(0.05, 0.14)))
    dark = hsv(rng.uniform(0.5, 0.7), rng.uniform(0.1, 0.5), rng.uniform(0.08, 0.2))
    on = rng.random() < 0.4
    if on:
        pane = mix.mix(
            'screen', mix.paint((0.4, 0.9), (0.3, 0.8)), mix.paint((0.4, 0.9), (0.6, 1.0)), repeat=0, glow=0.7
        )
    else:
        pane = mix.mix('screen', dark, dark + 0.25, repeat=0, glow=0.05)
    parts = [
        box(black, (-w, w), (-0.06, -0.01), (-h, h)),
        box(pane, (-w + 0.03, w - 0.03), (-0.064, -0.06), (-h + 0.04, h - 0.03)),
    ]
    if stand:
        parts = [(*p[:3], p[3] + h + 0.07, *p[4:]) for p in parts]
        parts += [
            box(black, (-0.05, 0.05), (-0.05, -0.02), (0.02, 0.15)),
            box(black, (-w * 0.4, w * 0.4), (-0.13, 0.05), (0, 0.02)),
        ]
    return parts


def window(rng: np.random.Generator, mix: Materials, width: float, height: float, *, day: bool) -> list[Part]:
    """Return a window with a frame and panes, and sometimes blinds or curtains; with ``day``, the sky is bright."""
    w, h = width / 2, height / 2
    frame = mix.plain(mix.paint((0.0, 0.12), (0.8, 1.0))) if rng.random() < 0.75 else mix.wood()
    sky = hsv(rng.uniform(0.53, 0.62), rng.uniform(0.05, 0.45), 1.0 if day else rng.uniform(0.12, 0.25))
    light = 1.0 if day else 0.25
    pane = mix.mix(
        'outdoor', sky, hsv(0.28, 0.5, 0.5 * light), hsv(0.08, 0.3, 0.75 * light), repeat=0, glow=1.0 if day else 0.6
    )
    parts = [
        box(frame, (-w, w), (-0.03, 0), (-h, h)),
        box(pane, (-w + 0.06, w - 0.06), (-0.033, -0.03), (-h + 0.06, h - 0.06)),
    ]
    bars = int(rng.integers(1, 3))
    for i in range(bars):
        x = -w + (i + 1) * width / (bars + 1)
        parts.append(box(frame, (x - 0.025, x + 0.025), (-0.045, -0.03), (-h, h)))
    if rng.random() < 0.5:
        parts.append(box(frame, (-w, w), (-0.045, -0.03), (-0.02, 0.02)))
    parts.append(box(frame, (-w - 0.05, w + 0.05), (-0.09, 0), (-h - 0.04, -h)))
    style = rng.random()
    if style < 0.3:  # blinds, drawn some way down
        drop = height * rng.uniform(0.15, 0.8)
        slats = mix.mix(
            'blinds', mix.paint((0.0, 0.2), (0.8, 1.0)), mix.paint((0.0, 0.2), (0.5, 0.7)), repeat=0.5, glow=0.15
        )
        parts.append(box(slats, (-w - 0.02, w + 0.02), (-0.065, -0.05), (h - drop, h + 0.03)))
    elif style < 0.75:
        cloth = mix.paint((0.1, 0.7), (0.5, 0.95))
        drape = mix.mix('folds', cloth, cloth * 0.65, repeat=0.8)
        wide, low = rng.uniform(0.15, 0.3), h + rng.uniform(0.05, 0.3)
        for sign in (-1, 1):
            left, right = sorted((sign * (w + 0.08), sign * (w + 0.08 - wide)))
            parts.append(box(drape, (left, right), (-0.12, -0.06), (-low, h + 0.08)))
        rod = mix.plain(mix.paint((0.0, 0.5), (0.2, 0.6)))
        parts.append(box(rod, (-w - 0.12, w + 0.12), (-0.1, -0.07), (h + 0.08, h + 0.11)))
    return parts


def door(rng: np.random.Generator, mix: Materials) -> list[Part]:
    """Return a door with its frame; its lower edge is at z = 0."""
    leaf = mix.wood() if rng.random() < 0.5 else mix.plain(mix.paint((0.0, 0.1), (0.8, 0.97)))
    knob = mix.plain(hsv(0.12, 0.3, 0.5))
    parts = [box(leaf, (-0.48, 0.48), (-0.02, 0), (0, 2.08)), box(leaf, (-0.42, 0.42), (-0.04, -0.02), (0.01, 2.02))]
    for z in ((0.2, 0.9), (1.1, 1.85)):
        for x in ((-0.34, -0.04), (0.04, 0.34)):
            parts.append(box(leaf, x, (-0.05, -0.04), z))
    return parts + [box(knob, (0.34, 0.4), (-0.09, -0.04), (0.98, 1.02))]


def ceiling_lamp(rng: np.random.Generator, mix: Materials) -> list[Part]:
    """Return a lamp that hangs from z = 0 down to negative z."""
    glow = mix.plain(hsv(0.12, 0.15, 1.0), glow=0.9)
    cord = mix.plain(np.full(3, 0.2))
    drop = rng.uniform(0.15, 0.5)
    shape = FRUSTUM if rng.random() < 0.5 else BALL
    return [
        cylinder(cord, (0, 0), (-drop, 0), 0.012),
        round_part(shape, glow, (0, 0), (-drop - 0.2, -drop), (0.18, 0.18)),
    ]
