"""Styles of generated rooms and their images."""

from dataclasses import dataclass

from mmmtl.synthetic_rooms.film import Film, PhotographicFilm
from mmmtl.synthetic_rooms.layout import Room
from mmmtl.synthetic_rooms.lived_in_room import LivedInRoom
from mmmtl.synthetic_rooms.standpoints import HELD_BY_HAND, Standpoints


@dataclass(frozen=True)
class Variety:
    """Style of rooms: geometry, materials and lights, camera positions, and conversion of radiance to images."""

    name: str
    room: type[Room]
    standpoints: Standpoints
    film: Film | PhotographicFilm
    soft_shadows: bool = False


PLAIN = Variety('plain', Room, Standpoints(), Film())
PHOTOGRAPHS = Variety('photographs', LivedInRoom, HELD_BY_HAND, PhotographicFilm(), soft_shadows=True)
VARIETIES = {variety.name: variety for variety in (PLAIN, PHOTOGRAPHS)}
