"""Furniture of several parts: bed, sofa, chair, table, shelves, cupboards, stands.

Every function returns an `Item` in the furniture frame (back at +y, front towards -y, floor at z = 0).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mmmtl.synthetic_rooms.primitives import CUSHION, FRUSTUM, Part, box, cylinder, moved, round_part
from mmmtl.synthetic_rooms.small_things import book_covers, standing_books
from mmmtl.synthetic_rooms.textures import Materials


class Surface(NamedTuple):
    """A horizontal rectangle on which small objects can stand: x and y ranges and height z in metres."""

    x: tuple[float, float]
    y: tuple[float, float]
    z: float


@dataclass
class Item:
    """A piece of furniture with its bounding box in metres."""

    size: tuple[float, float, float]  # width, depth, height
    groups: list[tuple[str, list[Part]]]  # one (class, parts) per instance
    surfaces: list[Surface] = field(default_factory=list)

    def include(self, item: 'Item', x: float, y: float, yaw: float) -> None:
        """Add the instances of another item at (x, y), rotated by ``yaw`` in radians; its surfaces are dropped."""
        self.groups += [(label, moved(parts, x, y, 0, yaw)) for label, parts in item.groups]


def legs(material: int, width: float, depth: float, height: float, thick: float, *, turned: bool = False) -> list[Part]:
    """Return four legs for a piece of the given width, depth and height in metres; ``turned`` legs are round."""
    parts = []
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (width / 2 - thick), sy * (depth / 2 - thick)
            if turned:
                parts.append(cylinder(material, (x, y), (0, height), thick * 0.6))
            else:
                h = thick / 2
                parts.append(box(material, (x - h, x + h), (y - h, y + h), (0, height)))
    return parts


def bed(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a bed with mattress, cover and pillows."""
    width, depth = rng.uniform(1.0, 1.9), rng.uniform(1.95, 2.15)
    base, top = rng.uniform(0.2, 0.3), rng.uniform(0.42, 0.58)
    frame = mix.wood() if rng.random() < 0.7 else mix.cloth()
    sheet = mix.plain(mix.paint((0.0, 0.15), (0.8, 0.98)))
    cover, pillow = mix.cloth((0.1, 0.8), (0.4, 0.95)), mix.cloth((0.0, 0.3), (0.75, 0.98))
    w, d = width / 2, depth / 2
    head = rng.uniform(0.8, 1.2)
    parts = legs(frame, width, depth, base, 0.08)
    parts += [
        box(frame, (-w, w), (-d, d), (base - 0.12, base)),
        box(frame, (-w, w), (d - 0.06, d), (0.1, head)),
        box(sheet, (-w + 0.03, w - 0.03), (-d + 0.04, d - 0.07), (base, top)),
    ]
    fold = rng.uniform(0.1, 0.7)  # where the cover ends
    parts.append(box(cover, (-w - 0.01, w + 0.01), (-d - 0.01, fold), (base + rng.uniform(-0.08, 0.1), top + 0.05)))
    parts.append(box(sheet, (-w, w), (fold - 0.02, fold + 0.12), (top - 0.1, top + 0.06)))
    if rng.random() < 0.4:
        parts.append(box(frame, (-w, w), (-d - 0.05, -d), (0, rng.uniform(top, top + 0.25))))
    n = 2 if width > 1.3 else 1
    for i in range(n):
        x = (i - (n - 1) / 2) * width / 2 + rng.uniform(-0.05, 0.05)
        parts.append(
            round_part(CUSHION, pillow, (x, d - 0.32), (top, top + 0.2), (min(0.36, width / n / 2 - 0.06), 0.22))
        )
    return Item((width + 0.02, depth + 0.1, head), [('bed', parts)])


def sofa(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a sofa with one to three seats."""
    seats = int(rng.integers(1, 4))
    arm, depth, seat, back = (
        rng.uniform(0.12, 0.25),
        rng.uniform(0.8, 0.98),
        rng.uniform(0.38, 0.46),
        rng.uniform(0.75, 0.95),
    )
    width = seats * rng.uniform(0.6, 0.75) + 2 * arm
    cloth = mix.cloth((0.05, 0.75), (0.2, 0.8))
    foot = mix.wood()
    w, d, lift = width / 2, depth / 2, rng.uniform(0.06, 0.14)
    parts = legs(foot, width, depth, lift, 0.07)
    arm_top = seat + rng.uniform(0.12, 0.24)
    parts += [
        box(cloth, (-w, w), (-d, d), (lift, seat - 0.14)),
        box(cloth, (-w + arm * 0.5, w - arm * 0.5), (d - 0.22, d - 0.02), (lift, back)),
        box(cloth, (-w, -w + arm), (-d, d - 0.05), (lift, arm_top)),
        box(cloth, (w - arm, w), (-d, d - 0.05), (lift, arm_top)),
    ]
    step = (width - 2 * arm) / seats
    for i in range(seats):
        x = -w + arm + (i + 0.5) * step
        parts.append(
            box(cloth, (x - step / 2 + 0.008, x + step / 2 - 0.008), (-d - 0.02, d - 0.2), (seat - 0.13, seat))
        )
        parts.append(round_part(CUSHION, cloth, (x, d - 0.28), (seat, back + 0.04), (step / 2 - 0.01, 0.12)))
    for _ in range(rng.integers(0, 3)):
        x = rng.uniform(-w + arm + 0.2, w - arm - 0.2)
        pillow = round_part(
            CUSHION, mix.cloth((0.3, 0.9), (0.4, 0.95)), (x, d - 0.44), (seat, seat + 0.36), (0.19, 0.07)
        )
        parts.append(pillow)
    return Item((width, depth + 0.04, back + 0.04), [('sofa', parts)])


def chair(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a chair."""
    width, depth, seat, back = (
        rng.uniform(0.4, 0.5),
        rng.uniform(0.42, 0.5),
        rng.uniform(0.43, 0.48),
        rng.uniform(0.8, 1.05),
    )
    w, d = width / 2, depth / 2
    style = rng.integers(3)
    frame = mix.plain(mix.paint((0.0, 0.2), (0.1, 0.4))) if style == 2 else mix.wood()
    top = frame if rng.random() < 0.4 else mix.cloth((0.2, 0.9), (0.3, 0.9))
    parts = [box(top, (-w, w), (-d, d), (seat - 0.05, seat))]
    if style == 2:  # an office chair: one column on a cross-shaped base
        parts += [
            cylinder(frame, (0, 0), (0.08, seat - 0.05), 0.03),
            box(frame, (-w, w), (-0.03, 0.03), (0.03, 0.08)),
            box(frame, (-0.03, 0.03), (-d, d), (0.03, 0.08)),
            box(frame, (-0.04, 0.04), (d - 0.02, d + 0.02), (seat - 0.04, back - 0.1)),
            round_part(CUSHION, top, (0, d - 0.01), (seat + 0.12, back), (w - 0.01, 0.05)),
        ]
        return Item((width, depth + 0.08, back), [('chair', parts)])
    parts += legs(frame, width, depth, seat - 0.05, 0.045, turned=bool(style))
    for x in (-w + 0.02, w - 0.02):
        parts.append(box(frame, (x - 0.02, x + 0.02), (d - 0.03, d + 0.01), (seat, back), tilt=-0.08))
    if rng.random() < 0.5:  # boards or slats
        for z in np.arange(seat + 0.14, back - 0.02, 0.13):
            parts.append(box(frame, (-w + 0.02, w - 0.02), (d - 0.02, d), (z, z + 0.06), tilt=-0.08))
        parts.append(box(frame, (-w, w), (d - 0.02, d + 0.02), (back - 0.08, back), tilt=-0.08))
    else:
        parts.append(box(top, (-w + 0.02, w - 0.02), (d - 0.03, d + 0.01), (seat + 0.12, back), tilt=-0.08))
    return Item((width, depth + 0.08, back), [('chair', parts)])


def table(rng: np.random.Generator, mix: Materials, width: float, depth: float, height: float) -> Item:
    """Return a table of the given width, depth and height in metres; its top is round if width and depth are close."""
    w, d, thick = width / 2, depth / 2, rng.uniform(0.025, 0.05)
    white = rng.random() < 0.2
    top = mix.plain(mix.paint((0.0, 0.1), (0.8, 0.95))) if white else mix.wood()
    leg = top if rng.random() < 0.6 else mix.plain(mix.paint((0.0, 0.2), (0.1, 0.6)))
    round_top = abs(width - depth) < 0.15
    if round_top:
        parts = [
            cylinder(top, (0, 0), (height - thick, height), w),
            cylinder(leg, (0, 0), (0.04, height - thick), 0.05),
            round_part(FRUSTUM, leg, (0, 0), (0, 0.06), (w * 0.5, w * 0.5)),
        ]
        w, d = w * 0.7, d * 0.7
    else:
        parts = [box(top, (-w, w), (-d, d), (height - thick, height))]
        parts += [box(leg, (-w + 0.06, w - 0.06), (-d + 0.06, d - 0.06), (height - thick - 0.07, height - thick))]
        parts += legs(
            leg, width - 0.06, depth - 0.06, height - thick, rng.uniform(0.05, 0.09), turned=rng.random() < 0.3
        )
    return Item((width, depth, height), [('table', parts)], [Surface((-w, w), (-d, d), height)])


def dining_group(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a table with chairs of one style around it."""
    sides = int(rng.integers(1, 3))
    width = rng.uniform(0.9, 1.1) if sides == 1 else rng.uniform(1.3, 1.9)
    depth = width if sides == 1 and rng.random() < 0.5 else rng.uniform(0.75, 0.95)
    group = table(rng, mix, width, depth, rng.uniform(0.71, 0.77))
    pattern, style = chair(rng, mix), []
    for sign in (-1, 1):  # yaw 0: the chair's back points to +y
        style += [
            ((i - (sides - 1) / 2) * width * 0.48, sign * depth / 2, 0.0 if sign > 0 else np.pi) for i in range(sides)
        ]
    style += [(width / 2, 0.0, -np.pi / 2), (-width / 2, 0.0, np.pi / 2)]
    for x, y, yaw in style:
        if rng.random() < 0.85:
            out = rng.uniform(0.02, 0.3)
            jitter = rng.uniform(-0.2, 0.2)
            group.include(pattern, x - np.sin(yaw) * out, y + np.cos(yaw) * out, yaw + jitter)
    group.size = (width + 1.2, depth + 1.2, group.size[2])
    return group


def desk_group(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a desk with a chair in front of it."""
    width, depth = rng.uniform(1.1, 1.6), rng.uniform(0.55, 0.75)
    group = table(rng, mix, width, depth, rng.uniform(0.71, 0.76))
    group.groups = [(label, moved(parts, 0, 0.2)) for label, parts in group.groups]
    group.surfaces = [Surface(s.x, (s.y[0] + 0.2, s.y[1] + 0.2), s.z) for s in group.surfaces]
    group.include(
        chair(rng, mix),
        rng.uniform(-0.15, 0.15),
        0.2 - depth / 2 - rng.uniform(0.0, 0.15),
        np.pi + rng.uniform(-0.4, 0.4),
    )
    group.size = (width, depth + 0.4, 1.0)
    return group


def bookshelf(rng: np.random.Generator, mix: Materials) -> Item:
    """Return a bookshelf with books."""
    width, depth, height = rng.uniform(0.8, 1.6), rng.uniform(0.28, 0.36), rng.uniform(1.2, 2.2)
    w, d, t = width / 2, depth / 2, 0.03
    wood = mix.wood() if rng.random() < 0.7 else mix.plain(mix.paint((0.0, 0.1), (0.75, 0.95)))
    shelves = max(2, round(height / rng.uniform(0.33, 0.4)))
    step = (height - t) / shelves
    parts = [
        box(wood, (-w, -w + t), (-d, d), (0, height)),
        box(wood, (w - t, w), (-d, d), (0, height)),
        box(wood, (-w + t, w - t), (d - 0.02, d), (0, height)),
    ]
    parts += [box(wood, (-w + t, w - t), (-d, d - 0.02), (i * step, i * step + t)) for i in range(shelves + 1)]
    item = Item((width, depth, height), [('furniture', parts)])
    covers = book_covers(mix, int(rng.integers(6, 16)))
    for i in range(shelves):
        z, inner = i * step + t, width - 2 * t
        if rng.random() < 0.8:
            filled = inner * rng.uniform(0.6, 0.98)
            books = standing_books(rng, covers, filled, depth - 0.06, step - t - 0.03)
            side = -inner / 2 if rng.random() < 0.7 else inner / 2 - filled
            item.groups.append(('books', moved(books, side, -0.01, z)))
        else:
            item.surfaces.append(Surface((-inner / 2, inner / 2), (-d + 0.03, d - 0.05), z))
    return item


def cupboard(rng: np.random.Generator, mix: Materials, width: float, depth: float, height: float) -> Item:
    """Return a wardrobe, dresser, night stand or television stand of the given width, depth and height in metres.

    It has doors if it is taller than 1.4 m, otherwise drawers.
    """
    w, d = width / 2, depth / 2
    body = mix.wood() if rng.random() < 0.7 else mix.plain(mix.paint((0.0, 0.25), (0.7, 0.95)))
    front = body if rng.random() < 0.5 else mix.plain(mix.paint((0.0, 0.3), (0.6, 0.95)))
    knob = mix.plain(mix.paint((0.0, 0.3), (0.15, 0.5)))
    foot = 0.06
    parts = [
        box(knob, (-w + 0.03, w - 0.03), (-d + 0.04, d), (0, foot)),
        box(body, (-w, w), (-d + 0.02, d), (foot, height)),
    ]
    columns = max(1, round(width / 0.5))
    rows = 1 if height > 1.4 else max(1, round((height - foot) / 0.24))
    dx, dz = width / columns, (height - foot) / rows
    for i in range(columns):
        for j in range(rows):
            x, z = -w + i * dx, foot + j * dz
            parts.append(box(front, (x + 0.012, x + dx - 0.012), (-d, -d + 0.02), (z + 0.012, z + dz - 0.012)))
            if rows == 1:
                side = x + (dx - 0.06 if i % 2 == 0 else 0.06)
                parts.append(box(knob, (side - 0.012, side + 0.012), (-d - 0.03, -d), (z + dz * 0.45, z + dz * 0.55)))
            else:
                middle = x + dx / 2
                parts.append(
                    box(knob, (middle - 0.06, middle + 0.06), (-d - 0.025, -d), (z + dz * 0.6, z + dz * 0.6 + 0.02))
                )
    parts.append(box(body, (-w - 0.015, w + 0.015), (-d - 0.01, d), (height - 0.03, height)))
    return Item((width + 0.03, depth + 0.06, height), [('furniture', parts)], [Surface((-w, w), (-d, d), height)])
