"""Styles of generated rooms and their images."""

from dataclasses import dataclass

from mmmtl.synthetic_rooms.film import Film, PhotographicFilm
from mmmtl.synthetic_rooms.layout import Room
from mmmtl.synthetic_rooms.lived_in_room import LivedInRoom
from mmmtl.synthetic_rooms.viewpoints import HANDHELD, Viewpoints


@dataclass(frozen=True)
class Variety:
    """A style of rooms.

    Args:
        name: Name of the style, the value of ``SyntheticRooms.variety``.
        room: Class of the rooms: geometry, materials and lights.
        viewpoints: Distribution of the cameras.
        film: Converts radiance to images.
        soft_shadows: Average the light over 4 x 4 pixels, for lights of the class `SoftLight`.
    """

    name: str
    room: type[Room]
    viewpoints: Viewpoints
    film: Film | PhotographicFilm
    soft_shadows: bool = False


PLAIN = Variety('plain', Room, Viewpoints(), Film())
REALISTIC = Variety('realistic', LivedInRoom, HANDHELD, PhotographicFilm(), soft_shadows=True)
VARIETIES = {variety.name: variety for variety in (PLAIN, REALISTIC)}
