"""From where, with which lens and how level cameras look into a room."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Standpoints:
    """Where the cameras of rooms stand, how they are held, and which lenses they have; those of plain rooms."""

    height: tuple[float, float] = (1.0, 1.8)  # metres above the floor
    field_of_view: tuple[float, float] = (60, 75)  # degrees, across
    pitch: tuple[float, float] = (-0.75, 0.35)  # radians, down and up at most
    wobble: float = 0.14  # spread of the pitch around what is aimed at, radians
    roll: float = 0.03  # its spread, radians


HELD_BY_HAND = Standpoints(height=(0.45, 2.1), field_of_view=(45, 95), pitch=(-1.1, 0.6), wobble=0.32, roll=0.07)
