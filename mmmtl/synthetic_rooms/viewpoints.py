"""Distributions of camera height, orientation and field of view."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewpoints:
    """Distribution of camera height, orientation and field of view; the defaults are those of plain rooms."""

    height: tuple[float, float] = (1.0, 1.8)  # metres above the floor
    field_of_view: tuple[float, float] = (60, 75)  # degrees, horizontal
    pitch: tuple[float, float] = (-0.75, 0.35)  # radians, minimum (downwards) and maximum (upwards)
    wobble: float = 0.14  # radians, standard deviation of the pitch
    roll: float = 0.03  # radians, standard deviation


HANDHELD = Viewpoints(height=(0.45, 2.1), field_of_view=(45, 95), pitch=(-1.1, 0.6), wobble=0.32, roll=0.07)
