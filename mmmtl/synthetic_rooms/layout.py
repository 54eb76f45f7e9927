"""A room and the positions of the objects in it: along walls, in the middle, on walls and on tables."""

import numpy as np

from mmmtl.synthetic_rooms import fittings, furniture, small_things
from mmmtl.synthetic_rooms.furniture import Item
from mmmtl.synthetic_rooms.lights import LightSource, light_at
from mmmtl.synthetic_rooms.primitives import Part, box, moved
from mmmtl.synthetic_rooms.textures import Materials, hsv

GAP = 0.02  # metres between furniture and its wall, for the skirting board
YAW = np.array([0, 0.5, 1, 1.5]) * np.pi  # of an object with its back to the wall y = D, x = 0, y = 0, x = W


class Room:
    """A box-shaped room that objects are added to.

    Attributes:
        size: Width, depth and height (W, D, H) in metres; one corner is at the origin, z points up.
        day: Whether daylight enters through the windows.
        instances: (class, parts) of each instance.
        lights: Light sources.
        occupied_floor: Occupied rectangles (x0, y0, x1, y1) of the floor in metres.
        occupied_walls: Occupied rectangles (s0, z0, s1, z1) of each wall in metres; s is the position along the wall.
    """

    materials = Materials
    largest = (6.2, 6.2, 3.1)

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.mix = self.materials(rng)
        self.size = rng.uniform((2.8, 2.8, 2.3), self.largest)
        self.day = rng.random() < 0.65
        self.instances: list[tuple[str, list[Part]]] = []
        self.lights: list[LightSource] = []
        self.occupied_floor: list[tuple[float, float, float, float]] = []
        self.occupied_walls: list[list[tuple[float, float, float, float]]] = [[], [], [], []]
        self.build_shell()

    def build_shell(self) -> None:
        """Add walls, floor and ceiling."""
        rng, mix = self.rng, self.mix
        w, d, h = self.size
        colour = mix.paint((0.02, 0.35), (0.6, 0.97))
        kind = ('plaster', 'plaster', 'plaster', 'wallpaper', 'stripes')[rng.integers(5)]
        paper = mix.mix(kind, colour, colour * rng.uniform(0.85, 0.95), colour * 0.9, repeat=rng.uniform(0.8, 1.6))
        accent = mix.mix('brick' if rng.random() < 0.3 else 'plaster', mix.paint((0.1, 0.5), (0.4, 0.9)), repeat=1.0)
        board = mix.plain(mix.paint((0.0, 0.1), (0.8, 0.95)))
        special = rng.integers(8)
        t, b = 0.2, 0.015
        wide, deep, high = (-t, w + t), (-t, d + t), (-t, h + t)  # overlapping, so that no ray leaves the room
        spans = [(wide, (d, d + t)), ((-t, 0), deep), (wide, (-t, 0)), ((w, w + t), deep)]
        boards = [((0, w), (d - b, d)), ((0, b), (0, d)), ((0, w), (0, b)), ((w - b, w), (0, d))]
        for i in range(4):
            wall = [box(accent if i == special else paper, *spans[i], high), box(board, *boards[i], (0, 0.09))]
            self.instances.append(('wall', wall))
        kind = ('planks', 'planks', 'tiles', 'carpet')[rng.integers(4)]
        a = mix.paint((0.05, 0.5), (0.3, 0.8)) if kind != 'planks' else mix.timber()
        ground = mix.mix(kind, a, a * 0.7, a * (0.5 if kind != 'tiles' else 1.3), repeat=rng.uniform(1.0, 1.8))
        self.instances.append(('floor', [box(ground, wide, deep, (-t, 0))]))
        top = mix.plain(mix.paint((0.0, 0.06), (0.85, 1.0)))
        ceiling = [box(top, wide, deep, (h, h + t))]
        if rng.random() < 0.15:
            beam = mix.wood()
            ceiling += [box(beam, (x - 0.07, x + 0.07), (0, d), (h - 0.12, h)) for x in np.arange(0.6, w - 0.3, 1.1)]
        self.instances.append(('ceiling', ceiling))

    def wall_length(self, wall: int) -> float:
        """Return the length of a wall in metres."""
        return self.size[wall % 2]

    def on_wall(self, wall: int, along: float, away: float) -> tuple[float, float]:
        """Return a floor point ``along`` metres from the left end of a wall, seen from inside, and ``away`` from it."""
        w, d, _ = self.size
        return [(along, d - away), (away, along), (w - along, away), (w - away, d - along)][wall]

    def fits_floor(self, x: float, y: float, half_x: float, half_y: float, margin: float) -> bool:
        """Return whether a rectangle with the centre (x, y) is on free floor; all lengths in metres."""
        a, b, c, e = x - half_x, y - half_y, x + half_x, y + half_y
        if a < 0.01 or b < 0.01 or c > self.size[0] - 0.01 or e > self.size[1] - 0.01:
            return False
        m = margin
        return not any(a < t[2] + m and t[0] < c + m and b < t[3] + m and t[1] < e + m for t in self.occupied_floor)

    def add_item(self, item: Item, x: float, y: float, half_x: float, half_y: float, yaw: float) -> None:
        """Add an item at (x, y) in metres, rotated by ``yaw`` in radians, and mark its footprint as occupied."""
        self.occupied_floor.append((x - half_x, y - half_y, x + half_x, y + half_y))
        for wall, (near, along, half) in enumerate(self.distances_to_walls(x, y, half_x, half_y)):
            if near < 0.16:
                self.occupied_walls[wall].append((along - half, 0.0, along + half, item.size[2]))
        self.instances += [(label, moved(parts, x, y, 0, yaw)) for label, parts in item.groups]
        self.decorate(item, x, y, yaw)

    def distances_to_walls(self, x: float, y: float, half_x: float, half_y: float) -> list[tuple[float, float, float]]:
        """Return, per wall, the distance of a footprint from it, and its centre and half length along the wall."""
        w, d, _ = self.size
        return [
            (d - y - half_y, x, half_x),
            (x - half_x, y, half_y),
            (y - half_y, w - x, half_x),
            (w - x - half_x, d - y, half_y),
        ]

    def place_at_wall(self, item: Item, *, tries: int = 12, front: float = 0.35) -> tuple[int, float] | None:
        """Try to place an item with its back to a wall.

        Args:
            item: The item.
            tries: Number of random positions to try.
            front: Free distance in front of the item in metres.

        Returns:
            Index of the wall and position along it in metres; None if no position was free.
        """
        width, depth, height = item.size
        for _ in range(tries):
            wall = int(self.rng.integers(4))
            if self.wall_length(wall) < width + 0.1:
                continue
            along = self.rng.uniform(width / 2 + 0.04, self.wall_length(wall) - width / 2 - 0.04)
            if self.rng.random() < 0.3:  # into a corner
                along = width / 2 + 0.04
            if not self.wall_is_free(wall, along, width / 2, 0, height):
                continue
            half_x, half_y = (width / 2, depth / 2) if wall % 2 == 0 else (depth / 2, width / 2)
            x, y = self.on_wall(wall, along, depth / 2 + GAP)
            ahead = self.on_wall(wall, along, (depth + front) / 2 + GAP)
            reach = front / 2
            wide = (half_x, half_y + reach) if wall % 2 == 0 else (half_x + reach, half_y)
            if self.fits_floor(x, y, half_x, half_y, 0.06) and self.fits_floor(*ahead, *wide, 0.0):
                self.add_item(item, x, y, half_x, half_y, YAW[wall])
                return wall, along
        return None

    def place_freely(self, item: Item, *, tries: int = 12, turn: float = 0.3, margin: float = 0.1) -> bool:
        """Try to place an item away from the walls, and return whether a free position was found.

        ``turn`` is the largest rotation from the directions of the walls in radians, ``margin`` is in metres.
        """
        for _ in range(tries):
            yaw = self.rng.uniform(-turn, turn) + np.pi / 2 * self.rng.integers(4)
            x, y = self.rng.uniform((0.5, 0.5), self.size[:2] - 0.5)
            if self.place_at(item, x, y, yaw, margin=margin):
                return True
        return False

    def place_at(self, item: Item, x: float, y: float, yaw: float, *, margin: float = 0.05) -> bool:
        """Place an item at (x, y), rotated by ``yaw`` in radians, and return whether the position was free."""
        c, s = abs(np.cos(yaw)), abs(np.sin(yaw))
        half_x = (c * item.size[0] + s * item.size[1]) / 2
        half_y = (s * item.size[0] + c * item.size[1]) / 2
        if not self.fits_floor(x, y, half_x, half_y, margin):
            return False
        self.add_item(item, x, y, half_x, half_y, yaw)
        return True

    def wall_is_free(self, wall: int, along: float, half: float, z0: float, z1: float, margin: float = 0.03) -> bool:
        """Return whether a rectangle of a wall, ``half`` to both sides of ``along`` and from z0 to z1, is free."""
        m = margin
        return not any(
            along - half < t[2] + m and t[0] < along + half + m and z0 < t[3] + m and t[1] < z1 + m
            for t in self.occupied_walls[wall]
        )

    def hang(
        self, label: str, parts: list[Part], half: float, low: float, high: float, z: float
    ) -> tuple[int, float] | None:
        """Try to hang an object on a random wall.

        Args:
            label: Class of the object.
            parts: Its parts.
            half: Extent in metres from the origin of the parts to both sides.
            low: Extent downwards in metres.
            high: Extent upwards in metres.
            z: Height of the origin in metres.

        Returns:
            Index of the wall and position along it in metres; None if no position was free.
        """
        for _ in range(10):
            wall = int(self.rng.integers(4))
            if self.wall_length(wall) < 2 * half + 0.2 or z + high > self.size[2] - 0.05:
                continue
            along = self.rng.uniform(half + 0.1, self.wall_length(wall) - half - 0.1)
            if self.wall_is_free(wall, along, half, z - low, z + high):
                self.occupied_walls[wall].append((along - half, z - low, along + half, z + high))
                x, y = self.on_wall(wall, along, 0.0)
                self.instances.append((label, moved(parts, x, y, z, YAW[wall])))
                return wall, along
        return None

    def decorate(self, item: Item, x: float, y: float, yaw: float) -> None:
        """Put books and small objects that do not intersect on the surfaces of an item."""
        rng, mix = self.rng, self.mix
        c, s = np.cos(yaw), np.sin(yaw)
        for surface in item.surfaces:
            headroom = 0.3 if item.size[2] > surface.z + 0.2 else min(0.6, self.size[2] - surface.z - 0.1)
            wide, deep = surface.x[1] - surface.x[0], surface.y[1] - surface.y[0]
            if headroom < 0.2 or surface.z > 2.0:
                continue
            occupied: list[tuple[float, float]] = []
            for _ in range(rng.integers(1, 4 + int(wide * deep * 4))):
                reach = 0.17
                if wide < 2 * reach or deep < 2 * reach * 0.8:
                    break
                px = rng.uniform(surface.x[0] + reach, surface.x[1] - reach)
                py = (surface.y[0] + surface.y[1]) / 2
                if deep > 2 * reach:
                    py = rng.uniform(surface.y[0] + reach, surface.y[1] - reach)
                if any(np.hypot(px - q[0], py - q[1]) < 0.34 for q in occupied):
                    continue
                occupied.append((px, py))
                if rng.random() < 0.4:
                    label, parts = 'books', small_things.lying_books(rng, mix)
                else:
                    label, parts = 'objects', small_things.small_object(rng, mix, headroom)
                parts = moved(parts, 0, 0, 0, rng.uniform(-3, 3))
                self.instances.append((label, moved(parts, x + c * px - s * py, y + s * px + c * py, surface.z, yaw)))

    def lay_rug(self) -> None:
        """Add a rug; it belongs to the class ``floor``."""
        rng, mix = self.rng, self.mix
        w, d = self.size[:2] * rng.uniform(0.3, 0.55, 2)
        x, y = rng.uniform((w / 2 + 0.2, d / 2 + 0.2), self.size[:2] - (w / 2 + 0.2, d / 2 + 0.2))
        material = mix.cloth((0.2, 0.8), (0.25, 0.8))
        self.instances.append(('floor', moved([box(material, (-w / 2, w / 2), (-d / 2, d / 2), (0, 0.008))], x, y)))

    def hang_window(self) -> None:
        """Try to hang a window on a wall; by day, light enters through it."""
        rng = self.rng
        width, height = rng.uniform(0.8, 1.9), rng.uniform(0.9, 1.4)
        z = min(rng.uniform(1.4, 1.6), self.size[2] - height / 2 - 0.2)
        parts = fittings.window(rng, self.mix, width, height, day=self.day)
        low = max(-min(p[3] - p[6] for p in parts), height / 2 + 0.05)
        position = self.hang('window', parts, width / 2 + 0.13, low, height / 2 + 0.12, z)
        if position and self.day:
            self.add_window_light(*position, z, width, height)

    def add_window_light(self, wall: int, along: float, z: float, width: float, height: float) -> None:
        """Add the daylight that enters through a window; in this class, only the first window has any."""
        rng = self.rng
        if self.lights:
            return
        x, y = self.on_wall(wall, along, 0.14)
        colour = np.array([0.95, 1.0, 1.08]) * rng.uniform(0.5, 1.0) * width
        self.lights.append(light_at((x, y, z + rng.uniform(0, height / 3)), colour, inwards(wall)))

    def hang_lamp(self) -> None:
        """Hang a lamp from the ceiling and add its light."""
        rng = self.rng
        x, y = self.size[:2] * rng.uniform(0.35, 0.65, 2)
        parts = fittings.ceiling_lamp(rng, self.mix)
        low = min(p[3] - p[6] for p in parts)
        self.instances.append(('objects', moved(parts, x, y, self.size[2] - 0.001)))
        strength = rng.uniform(0.3, 0.7) if self.day else rng.uniform(0.8, 1.2)
        warmth = hsv(0.1, rng.uniform(0.05, 0.3), 1.0)
        self.lights.append(light_at((x, y, self.size[2] + low - 0.03), warmth * strength, np.zeros(3)))

    def place_television(self) -> bool:
        """Try to place a television on a low stand or on a wall, and return whether a free position was found."""
        rng = self.rng
        width = rng.uniform(0.95, 1.5)
        if rng.random() < 0.35:
            parts = fittings.television(rng, self.mix, width, stand=False)
            return self.hang('tv', parts, width / 2, width * 0.29, width * 0.29, rng.uniform(1.25, 1.6)) is not None
        stand = furniture.cupboard(
            rng, self.mix, width + rng.uniform(0.1, 0.5), rng.uniform(0.35, 0.45), rng.uniform(0.4, 0.65)
        )
        top = stand.size[2]
        screen = moved(fittings.television(rng, self.mix, width, stand=True), 0, 0.02, top)
        stand.groups.append(('tv', screen))
        stand.surfaces, stand.size = [], (*stand.size[:2], top + width * 0.5625 + 0.1)
        return self.place_at_wall(stand) is not None

    def ambient(self) -> np.ndarray:
        """Sample the ambient light (3,), linear RGB."""
        return np.float32(self.rng.uniform(0.3, 0.5)) * np.array([1.0, 0.98, 0.96], np.float32)

    def exposure(self) -> float:
        """Sample the factor on the automatic exposure of the camera."""
        return self.rng.uniform(0.8, 1.2)


def inwards(wall: int) -> np.ndarray:
    """Return the unit normal (3,) of a wall that points into the room."""
    return np.array([np.sin(YAW[wall]), -np.cos(YAW[wall]), 0.0])
