"""Shading at the points that rays hit: texture, surface colour and light."""

from typing import NamedTuple

import numpy as np

from mmmtl.synthetic_rooms.cameras import Camera
from mmmtl.synthetic_rooms.lights import PATTERN, dot
from mmmtl.synthetic_rooms.scene import Scene
from mmmtl.synthetic_rooms.textures import LEVELS, OFFSETS, SIZE, bank

LOG_SIZE = SIZE.bit_length() - 1
STRIP = 8192  # pixels that are shaded at a time, see `strips`
LEVEL_STARTS = OFFSETS[:LEVELS].astype(np.int32)


class Hits(NamedTuple):
    """First intersections of N rays from one point with the scene."""

    directions: np.ndarray  # (3, N) world frame, z = 1 in the camera frame
    triangle: np.ndarray  # (N,) intp, index of the triangle
    depth: np.ndarray  # (N,) metres along z
    u: np.ndarray  # (N,) barycentric coordinate
    v: np.ndarray  # (N,) barycentric coordinate
    normal: np.ndarray  # (3, N) unit, world frame
    slot: np.ndarray  # (N,) index of the pixel in its 4 x 4 square, see `SoftLight`

    def select(self, selection: np.ndarray | slice) -> 'Hits':
        """Return the hits with the given indices or mask."""
        return Hits(*(part[..., selection] for part in self))


def strips(length: int) -> list[slice]:
    """Return slices of ``STRIP`` elements that cover an array of the given length.

    The intermediate results of a strip stay in the CPU cache, and glibc allocates arrays of three channels below
    128 KiB without new pages from the system.
    """
    return [slice(start, start + STRIP) for start in range(0, length, STRIP)]


def cast(scene: Scene, camera: Camera, directions: np.ndarray, slot: np.ndarray) -> Hits:
    """Return the first hits of rays from the camera along world directions (3, N) with pixel indices ``slot`` (N,).

    Raises:
        RuntimeError: A ray hits nothing, so the room is not closed.
    """
    found = scene.trace(camera.position, directions)
    triangle = found['primID'].astype(np.intp)  # the index type of `take`
    if (triangle < 0).any():
        raise RuntimeError(f'scene {scene.split}/{scene.index} is not closed: {(triangle < 0).sum()} rays hit nothing')
    normal = scene.normal.take(triangle, axis=1)
    return Hits(directions, triangle, found['tfar'], found['u'], found['v'], normal, slot)


def texture_coordinates(scene: Scene, hits: Hits) -> np.ndarray:
    """Return the texture coordinates (2, N) of hits, in texels."""
    texel = np.empty((2, len(hits.triangle)), np.float32)
    for channel, (first, along_u, along_v) in zip(texel, scene.texel.reshape(3, 2, -1).swapaxes(0, 1), strict=True):
        combine(channel, hits.triangle, first, (along_u, hits.u), (along_v, hits.v))
    return texel


def combine(out: np.ndarray, triangle: np.ndarray, first: np.ndarray, *others: tuple[np.ndarray, np.ndarray]) -> None:
    """Write ``first[triangle] + sum(table[triangle] * factor for table, factor in others)`` into ``out`` (N,).

    The tables are (T,), the factors (N,).
    """
    first.take(triangle, out=out, mode='clip')
    for table, factor in others:
        term = table.take(triangle)
        term *= factor
        out += term


def slopes(texel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change (2, H, W) of texture coordinates per pixel along x and along y; zero at the image border."""
    across, down = np.zeros_like(texel), np.zeros_like(texel)
    across[:, :, 1:-1] = (texel[:, :, 2:] - texel[:, :, :-2]) / 2
    down[:, 1:-1] = (texel[:, 2:] - texel[:, :-2]) / 2
    return across, down


def texture_level(scene: Scene, camera: Camera, hits: Hits) -> np.ndarray:
    """Return the mip level (N,) of each hit: about two texels per pixel in the direction of strongest minification."""
    slant = np.abs(dot(hits.normal, hits.directions))
    texels = scene.detail.take(hits.triangle)
    texels *= hits.depth
    texels /= camera.intrinsics[0, 0]
    texels /= np.maximum(slant, 0.15, out=slant)
    level = np.log2(np.maximum(texels, 0.1, out=texels), out=texels)
    level -= 0.7
    return np.clip(level, 0, LEVELS - 1, out=level).astype(np.int32)


class TextureAt:
    """Texture lookup for hits whose triangles (N,) and mip levels (N,) are fixed."""

    def __init__(self, scene: Scene, triangle: np.ndarray, level: np.ndarray) -> None:
        self.start = scene.tile.take(triangle) + LEVEL_STARTS.take(level)
        self.level, self.row_length = level, LOG_SIZE - level

    def __call__(self, texel: np.ndarray) -> np.ndarray:
        """Return the two texture channels (2, N) in 0..1 at texture coordinates (2, N) in texels."""
        texel_index = texel.astype(np.int32)
        texel_index &= SIZE - 1
        texel_index >>= self.level
        column, row = texel_index
        row <<= self.row_length
        row += column
        row += self.start
        value = bank().texels.take(row)
        channels = np.empty(texel.shape, np.float32)
        channels[0], channels[1] = value & 255, value >> 8
        channels /= 255
        return channels


def surface_colour(scene: Scene, triangle: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the surface colours (3, N), linear RGB, given the texture channels ``weights`` (2, N)."""
    colour = np.empty((3, len(triangle)), np.float32)
    for channel, (first, to_b, to_c) in zip(colour, scene.colour.reshape(3, 3, -1).swapaxes(0, 1), strict=True):
        combine(channel, triangle, first, (to_b, weights[0]), (to_c, weights[1]))
    return np.clip(colour, 0.003, 1, out=colour)


def lighting(scene: Scene, origin: np.ndarray, hits: Hits) -> np.ndarray:
    """Return the light (3, N) at every hit: ambient light, light from visible lamps and windows, and emitted light."""
    normal = hits.normal
    point = hits.directions * hits.depth
    point += origin[:, None]
    near = scene.size[:, None] - point  # darker towards corners
    np.minimum(point, near, out=near)
    np.maximum(near, 0, out=near)
    near *= 5
    near += 1
    near *= near
    np.divide(np.float32(0.3), near, out=near)
    shade = np.subtract(1, near, out=near)
    upward = normal[2] * np.float32(0.1)
    upward += np.float32(0.9)
    shade = shade[0] * shade[1] * shade[2] * upward
    total = shade * scene.ambient[:, None]
    total += scene.glow.take(hits.triangle)
    start = normal * np.float32(2e-3)
    start += point
    for light in scene.lights:
        towards, strength = light.illuminate(point, normal, hits.slot)
        strength[strength < 0.01] = 0
        lit = np.flatnonzero(strength)
        strength[lit[~light.reaches(scene, start.take(lit, axis=1), towards.take(lit, axis=1))]] = 0
        total += strength * light.colour[:, None]
    return total


def soften_shadows(light: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Average the light (3, H, W) of each pixel over the pixels of its face (H, W) in the 4 x 4 square around it."""
    height, width = face.shape
    before, after = PATTERN // 2, PATTERN - PATTERN // 2 - 1
    wide = np.pad(light, ((0, 0), (before, after), (before, after)))
    faces = np.pad(face, (before, after), constant_values=-1)
    total, count = np.zeros_like(light), np.zeros(face.shape, np.float32)
    for y in range(PATTERN):
        for x in range(PATTERN):
            same = faces[y : y + height, x : x + width] == face
            total += wide[:, y : y + height, x : x + width] * same
            count += same
    return total / count
