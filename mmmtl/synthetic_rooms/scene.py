"""A furnished room as triangles with materials and labels, for ray casting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from mmmtl.extras import import_extra
from mmmtl.synthetic_rooms.furnishing import furnish
from mmmtl.synthetic_rooms.lights import LightSource
from mmmtl.synthetic_rooms.primitives import triangulate
from mmmtl.synthetic_rooms.textures import SIZE, STRIDE, bank
from mmmtl.synthetic_rooms.variety import PLAIN, Variety

if TYPE_CHECKING:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

RENDERING = 'rendering rooms'  # feature named in the error if embreex is not installed
CLASSES = (
    'bed', 'books', 'ceiling', 'chair', 'floor', 'furniture', 'objects', 'picture', 'sofa', 'table', 'tv', 'wall',
    'window',
)  # fmt: skip


@dataclass
class Scene:
    """A room to render: I instances of T triangles, with materials, lights and labels."""

    split: str
    index: int
    variety: Variety
    size: np.ndarray  # (3,) size of the room in metres; one corner is at the origin, z points up
    lights: list[LightSource]
    ambient: np.ndarray  # (3,) ambient light, linear RGB
    exposure: float  # factor on the automatic exposure
    labels: np.ndarray  # (I + 1,) class index of each instance; index 0 is unused
    boxes: np.ndarray  # (I + 1, 2, 3) lower and upper corner of each instance in metres
    # per triangle
    face: np.ndarray  # (T,) index of its flat face
    instance: np.ndarray  # (T,) uint16, index of its instance, from 1
    normal: np.ndarray  # (3, T) unit, outwards
    texel: np.ndarray  # (6, T) texture coordinates of its first corner and their change along two edges, in texels
    detail: np.ndarray  # (T,) texels per metre
    tile: np.ndarray  # (T,) offset of its tile in the texels of the bank
    colour: np.ndarray  # (9, T) A, B - A, C - A of its material, see `textures`
    glow: np.ndarray  # (T,) emitted light
    rays: EmbreeScene
    mesh: TriangleMesh  # kept alive for `rays`

    def trace(self, origin: np.ndarray, directions: np.ndarray) -> dict[str, np.ndarray]:
        """Trace rays from one point (3,) along directions (3, N).

        Returns:
            Of the first hit of each ray: ``primID`` (N,), index of the triangle, -1 if nothing is hit; ``tfar`` (N,),
            distance in units of the direction; ``u`` and ``v`` (N,), barycentric coordinates.
        """
        directions = np.ascontiguousarray(directions.T, np.float32)
        origins = np.broadcast_to(np.asarray(origin, np.float32), directions.shape)
        return self.rays.run(origins, directions, query='INTERSECT', output=True)

    def blocked(self, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """Return a mask (N,) of the segments ``start`` (3, N) to ``start + towards`` (3, N) that hit a triangle."""
        start, towards = np.ascontiguousarray(start.T), np.ascontiguousarray(towards.T)
        return self.rays.run(start, towards, np.ones(len(start), np.float32), query='OCCLUDED') >= 0

    def sees_pane(self, start: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """Return a mask (N,) of the rays ``start + t * towards`` (3, N) whose first hit is a window pane."""
        start, towards = np.ascontiguousarray(start.T), np.ascontiguousarray(towards.T)
        first, variants = bank().first['outdoor']
        tile = self.tile.take(self.rays.run(start, towards, query='INTERSECT'))
        return (tile >= first * STRIDE) & (tile < (first + variants) * STRIDE)

    def rng(self, *stream: int) -> np.random.Generator:
        """Return a random generator that depends only on the split, the index and the stream."""
        return np.random.default_rng([crc32(self.split.encode()), self.index, *stream])


def build_scene(split: str, index: int, variety: Variety = PLAIN) -> Scene:
    """Build the room with an index of a split; the split is a part of the seed, so no two splits share a room."""
    rng = np.random.default_rng([crc32(split.encode()), index, 0])
    room = variety.room(rng)
    furnish(room)

    counts = [len(parts) for _, parts in room.instances]
    parts = np.array([part for _, group in room.instances for part in group])  # (P, 10)
    instance_of_part = np.repeat(np.arange(1, len(counts) + 1), counts)
    triangles = triangulate(parts)
    corners = triangles.corners
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(edge1, edge2)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    instance = instance_of_part[triangles.part]
    boxes = np.zeros((len(counts) + 1, 2, 3))
    order = np.argsort(instance, kind='stable')
    starts = np.searchsorted(instance[order], np.arange(1, len(counts) + 1))
    for column, extreme in enumerate((np.minimum, np.maximum)):
        of_triangles = extreme(extreme(corners[:, 0], corners[:, 1]), corners[:, 2])
        boxes[1:, column] = extreme.reduceat(of_triangles[order], starts)

    material = room.mix.table()[parts[:, 9].astype(int)][triangles.part]  # (T, 14)
    fit = material[:, 1] == 0
    repeat = np.where(fit, 1.0, material[:, 1])
    tiled = triangles.local / repeat[:, None, None] + material[:, None, 3:5]
    texel = np.where(fit[:, None, None], 0.004 + 0.992 * triangles.unit, tiled) * SIZE + 64 * SIZE  # stays positive
    length = np.linalg.norm(texel[:, 1] - texel[:, 0], axis=1) / np.linalg.norm(edge1, axis=1)

    rays = import_extra('embreex.rtcore_scene', RENDERING).EmbreeScene()
    # embreex reads the corners one by one, which is faster with Python floats
    mesh = import_extra('embreex.mesh_construction', RENDERING).TriangleMesh(
        rays, corners.astype(np.float32).astype(object)
    )
    return Scene(
        split, index, variety, room.size.astype(np.float32), lights=room.lights,
        ambient=room.ambient(), exposure=room.exposure(),
        labels=np.array([0] + [CLASSES.index(label) for label, _ in room.instances], np.uint8), boxes=boxes,
        face=triangles.face.astype(np.int32), instance=instance.astype(np.uint16), normal=channels_first(normal),
        texel=channels_first(np.concatenate([texel[:, 0], texel[:, 1] - texel[:, 0], texel[:, 2] - texel[:, 0]], 1)),
        detail=length.astype(np.float32), tile=(material[:, 0] * STRIDE).astype(np.int32),
        colour=channels_first(material[:, 5:]), glow=material[:, 2].astype(np.float32), rays=rays, mesh=mesh,
    )  # fmt: skip


def channels_first(table: np.ndarray) -> np.ndarray:
    """Return a table (T, C) as contiguous float32 (C, T)."""
    return np.ascontiguousarray(table.T, np.float32)
