"""Rooms that resemble photographs: several lamps and windows, sunlight, coloured light, worn surfaces."""

import numpy as np

from mmmtl.synthetic_rooms import fittings
from mmmtl.synthetic_rooms.layout import Room, inwards
from mmmtl.synthetic_rooms.lights import Reflection, SoftLight, Sun
from mmmtl.synthetic_rooms.primitives import moved
from mmmtl.synthetic_rooms.rich_materials import RichMaterials


class LivedInRoom(Room):
    """A room with detailed materials and varied light.

    All windows have daylight, some also sunlight; the number and the colour of the lamps vary.
    """

    materials = RichMaterials
    largest = (8.0, 8.0, 3.4)

    def add_window_light(self, wall: int, along: float, z: float, width: float, height: float) -> None:
        rng = self.rng
        x, y = self.on_wall(wall, along, 0.16)
        along_wall = np.abs(np.cross(inwards(wall), (0.0, 0.0, 1.0)))
        extent = along_wall * width * 0.4 + np.array([0.0, 0.0, height * 0.4])
        colour = black_body_colour(rng.uniform(5200, 9000)) * np.exp(rng.uniform(np.log(0.4), np.log(2.2))) * width
        self.lights.append(SoftLight(np.array([x, y, z], np.float32), colour, inwards(wall).astype(np.float32), extent))
        if not any(isinstance(light, Sun) for light in self.lights) and rng.random() < 0.4:
            turn, rise = rng.uniform(-1.0, 1.0), rng.uniform(0.15, 0.9)
            ahead = -inwards(wall)
            flat = np.cos(turn) * ahead + np.sin(turn) * np.array([-ahead[1], ahead[0], 0.0])
            direction = np.cos(rise) * flat + np.array([0.0, 0.0, np.sin(rise)])
            sunlight = black_body_colour(rng.uniform(3800, 5800)) * rng.uniform(1.5, 5.0)
            self.lights.append(Sun(direction.astype(np.float32), sunlight))

    def hang_lamp(self) -> None:
        """Add one to four ceiling lamps of one kind; by day, they are sometimes off."""
        rng = self.rng
        number = int(rng.choice(4, p=[0.45, 0.25, 0.15, 0.15])) + 1
        off = self.day and bool(self.lights) and rng.random() < 0.4
        spots = rng.random() < 0.3  # set into the ceiling: they shine downwards and are not visible
        strength = 0.0 if off else rng.uniform(0.5, 1.6) * (0.5 if self.day else 1.0) / number**0.5
        colour = black_body_colour(rng.uniform(2600, 6000)) * strength
        for _ in range(number):
            x, y = self.size[:2] * rng.uniform(0.18, 0.82, 2)
            facing, z, extent = np.zeros(3), self.size[2] - 0.05, np.array([0.05, 0.05, 0.0])
            if spots:
                facing = np.array([0.0, 0.0, -1.0])
            else:
                parts = fittings.ceiling_lamp(rng, self.mix)
                self.instances.append(('objects', moved(parts, x, y, self.size[2] - 0.001)))
                z, extent = self.size[2] + min(p[3] - p[6] for p in parts) - 0.05, np.array([0.07, 0.07, 0.02])
            if not off:
                self.lights.append(
                    SoftLight(np.array([x, y, z], np.float32), colour, facing.astype(np.float32), extent)
                )

    def ambient(self) -> np.ndarray:
        """Sample the ambient light (3,), linear RGB, and add light reflected by the floor and one side of the room."""
        rng = self.rng
        tint = black_body_colour(rng.uniform(3200, 7500))
        strength = np.exp(rng.uniform(np.log(0.1), np.log(0.45)))
        turn = rng.uniform(0, 2 * np.pi)
        for direction in ((np.cos(turn), np.sin(turn), 0.1), (0.0, 0.0, -1.0)):
            colour = black_body_colour(rng.uniform(2800, 7500)) * strength * rng.uniform(0.3, 1.2)
            self.lights.append(Reflection(np.array(direction, np.float32), colour.astype(np.float32)))
        return (0.6 * strength * tint).astype(np.float32)

    def exposure(self) -> float:
        return self.rng.uniform(0.75, 1.3)


def black_body_colour(kelvin: float) -> np.ndarray:
    """Return the approximate linear RGB colour (3,) of a black body at a temperature in kelvin, with green = 1."""
    warm = np.log(6500 / kelvin)
    return np.array([np.exp(0.75 * warm), 1.0, np.exp(-1.1 * warm)], np.float32)
