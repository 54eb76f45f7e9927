"""How much rooms and their pictures differ from each other."""

from dataclasses import dataclass

from mmmtl.synthetic_rooms.film import Film, PhotographicFilm
from mmmtl.synthetic_rooms.layout import Room
from mmmtl.synthetic_rooms.lived_in_room import LivedInRoom
from mmmtl.synthetic_rooms.standpoints import HELD_BY_HAND, Standpoints


@dataclass(frozen=True)
class Variety:
    """What a room is built of and lit by, where cameras stand in it, and how their pictures are developed."""

    name: str
    room: type[Room]
    standpoints: Standpoints
    film: Film | PhotographicFilm
    soft_shadows: bool = False


PLAIN = Variety('plain', Room, Standpoints(), Film())
PHOTOGRAPHS = Variety('photographs', LivedInRoom, HELD_BY_HAND, PhotographicFilm(), soft_shadows=True)
VARIETIES = {variety.name: variety for variety in (PLAIN, PHOTOGRAPHS)}
