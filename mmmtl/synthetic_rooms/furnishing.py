"""Choose and place the furniture and the other objects of a room."""

import numpy as np

from mmmtl.synthetic_rooms import fittings, furniture, small_things
from mmmtl.synthetic_rooms.furniture import Item
from mmmtl.synthetic_rooms.layout import YAW, Room
from mmmtl.synthetic_rooms.primitives import box


def furnish(room: Room) -> None:
    """Furnish a room as a bedroom, living room, dining room or study.

    Large pieces are placed first. An object for which no free position is found is omitted.
    """
    rng, mix = room.rng, room.mix
    theme = ('bedroom', 'bedroom', 'living', 'living', 'dining', 'study')[rng.integers(6)]
    if rng.random() < 0.7:
        room.lay_rug()
    if rng.random() < 0.6:
        room.hang('wall', fittings.door(rng, mix), 0.5, 0.0, 2.1, 0.0)
    if theme == 'bedroom':
        room.place_at_wall(furniture.bed(rng, mix), tries=25)
    if theme == 'living' or rng.random() < 0.3:
        sofa_with_table(room)
    room.hang_window()
    if theme == 'dining' or (theme != 'bedroom' and rng.random() < 0.4):
        room.place_freely(furniture.dining_group(rng, mix), turn=0.15, tries=20)
    if theme == 'study' or rng.random() < 0.45:
        room.place_at_wall(furniture.desk_group(rng, mix), front=0.3)
    if rng.random() < (0.85 if theme in ('living', 'bedroom') else 0.6):
        room.place_television()
    for _ in range(1 + int(rng.random() < 0.6)):
        room.place_at_wall(furniture.bookshelf(rng, mix), front=0.2)
    if theme == 'living' or rng.random() < 0.15:
        room.place_at_wall(furniture.sofa(rng, mix))
    if theme == 'bedroom':
        for _ in range(2):
            room.place_at_wall(
                furniture.cupboard(rng, mix, rng.uniform(0.4, 0.55), 0.4, rng.uniform(0.4, 0.6)), front=0.1
            )
    if rng.random() < 0.6:
        room.place_at_wall(
            furniture.cupboard(rng, mix, rng.uniform(0.8, 1.6), rng.uniform(0.45, 0.6), rng.uniform(1.6, 2.1))
        )
    if rng.random() < 0.6:
        room.place_at_wall(
            furniture.cupboard(rng, mix, rng.uniform(0.8, 1.4), rng.uniform(0.4, 0.5), rng.uniform(0.7, 1.0))
        )
    for _ in range(rng.integers(1, 3)):
        room.hang_window()
    for _ in range(rng.integers(2, 6)):
        width, height = rng.uniform(0.45, 1.3), rng.uniform(0.45, 0.95)
        parts = fittings.picture(rng, mix, width, height)
        room.hang('picture', parts, width / 2, height / 2, height / 2, rng.uniform(1.4, 1.75))
    for _ in range(rng.integers(0, 3)):
        room.place_freely(furniture.chair(rng, mix), turn=np.pi, tries=6)
    for _ in range(rng.integers(1, 4)):
        place_floor_object(room)
    room.hang_lamp()


def sofa_with_table(room: Room) -> None:
    """Place a sofa, and often a coffee table in front of it."""
    rng, mix = room.rng, room.mix
    sofa = furniture.sofa(rng, mix)
    wall_position = room.place_at_wall(sofa, tries=25, front=0.8)
    if wall_position is None or rng.random() < 0.2:
        return
    table = furniture.table(rng, mix, rng.uniform(0.7, 1.2), rng.uniform(0.5, 0.7), rng.uniform(0.36, 0.48))
    x, y = room.on_wall(*wall_position, sofa.size[1] + rng.uniform(0.3, 0.5) + table.size[1] / 2)
    room.place_at(table, x, y, YAW[wall_position[0]])


def place_floor_object(room: Room) -> None:
    """Place a floor lamp, a large plant or a box against a wall."""
    rng, mix = room.rng, room.mix
    kind = rng.integers(3)
    if kind == 0:
        parts, half_width, height = small_things.floor_lamp(rng, mix), 0.24, 1.75
    elif kind == 1:
        height = rng.uniform(0.7, 1.3)
        pot = mix.plain(mix.paint((0.2, 0.8), (0.3, 0.9)))
        parts, half_width = small_things.plant(rng, mix, pot, height), height * 0.45
    else:
        half_width, height = rng.uniform(0.15, 0.28), rng.uniform(0.2, 0.45)
        material = mix.cloth((0.2, 0.8), (0.4, 0.9))
        parts = [box(material, (-half_width, half_width), (-half_width, half_width), (0, height))]
    item = Item((2 * half_width, 2 * half_width, height), [('objects', parts)])
    room.place_at_wall(item, tries=6, front=0.0)
