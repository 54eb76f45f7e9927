"""A reference for rendered views: the whole image at once, one array operation after another.

Frozen digests would not do: ray casting and logarithms round differently from one kind of processor to the next.
"""

from zlib import crc32

import numpy as np

from mmmtl.synthetic_rooms.cameras import Camera
from mmmtl.synthetic_rooms.scene import Scene
from mmmtl.synthetic_rooms.textures import LEVELS, OFFSETS, SIZE, bank

LOG_SIZE = SIZE.bit_length() - 1


def render_view(scene: Scene, camera: Camera, *, samples: int = 4) -> dict[str, np.ndarray]:
    """Image (H, W, 3) uint8, semseg uint8, depth float32, normal (H, W, 3) float32, instance uint16.

    Labels belong to the ray through the pixel's centre. The colour is the mean over `samples` points of the pixel.
    Where the pixel and its four neighbours lie on one flat face, these points follow from the face's texture
    coordinates; elsewhere each is a ray of its own.
    """
    shape = (camera.height, camera.width)
    x, y = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
    directions = camera.directions(x, y[:, None])  # (3, N)
    hit = scene.trace(camera.position, directions)
    triangle, depth = hit['primID'], hit['tfar']
    if (triangle < 0).any():
        raise RuntimeError(f'scene {scene.split}/{scene.index} is not closed: {(triangle < 0).sum()} rays hit nothing')
    instance = scene.instance[triangle]
    normal = np.ascontiguousarray((camera.camera_T_world[:3, :3] @ scene.normal).T)  # (T, 3) camera frame
    image = colour(scene, camera, directions, hit, samples)
    return dict(
        image=image.reshape(*shape, 3),
        semseg=scene.labels[instance].reshape(shape),
        depth=depth.reshape(shape),
        normal=normal.take(triangle, axis=0).reshape(*shape, 3),
        instance=instance.reshape(shape),
    )


def colour(
    scene: Scene, camera: Camera, directions: np.ndarray, hit: dict[str, np.ndarray], samples: int
) -> np.ndarray:
    """The image (N, 3) uint8."""
    shape = (camera.height, camera.width)
    triangle = hit['primID']
    flat = one_face_around(scene.face[triangle].reshape(shape)).reshape(-1)  # (N,) the cheap pixels
    spread = pixel_spread(samples)

    texel = texture_coordinates(scene, hit)  # (2, N)
    level = texture_level(scene, camera, directions, hit)
    steps = [step.reshape(2, -1) * flat for step in slopes(texel.reshape(2, *shape))]
    weights = sum(
        texture(scene, triangle, texel + dx * steps[0] + dy * steps[1], level) for dx, dy in spread
    )  # (2, N) summed over the samples
    light = lighting(scene, camera.position, directions, hit)  # (3, N)
    radiance = surface_colour(scene, triangle, weights / samples) * light

    edge = np.flatnonzero(~flat)
    if len(edge) and samples > 1:
        x, y = (part.astype(np.float32) + np.float32(0.5) for part in (edge % shape[1], edge // shape[1]))
        fine = camera.directions(x + spread[1:, :1], y + spread[1:, 1:])  # (3, (samples - 1) * E)
        found = scene.trace(camera.position, fine)
        face = scene.face.take(found['primID'])
        pixel = pixels_on_face(scene.face.take(triangle).reshape(shape), edge, spread[1:], face)
        fine_light = light.take(pixel, axis=1)
        other = np.flatnonzero(scene.face.take(triangle.take(pixel)) != face)
        part = {name: found[name][other] for name in ('primID', 'tfar')}
        fine_light[:, other] = lighting(scene, camera.position, fine[:, other], part)
        fine_level = texture_level(scene, camera, fine, found)
        weights = texture(scene, found['primID'], texture_coordinates(scene, found), fine_level)
        ring = surface_colour(scene, found['primID'], weights) * fine_light
        radiance[:, edge] = (radiance[:, edge] + ring.reshape(3, samples - 1, -1).sum(1)) / samples
    return developed(scene, camera, radiance)


def pixels_on_face(faces: np.ndarray, pixel: np.ndarray, spread: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Find for each sample a pixel whose centre is on the same face: the sample's own, or the neighbour on its side.

    Light changes slowly along a face, so the light of that pixel is reused for the sample. Shapes: faces (H, W) of all
    pixel centres, pixel (E,), spread (S, 2), face and result (S * E,).
    """
    height, width = faces.shape
    y, x = pixel // width, pixel % width
    found = np.tile(pixel, len(spread))
    for step_x, step_y in ((1, 0), (0, 1), (1, 1)):
        side = np.sign(spread).astype(np.int64) * (step_x, step_y)  # (S, 2)
        row = np.clip(y + side[:, 1:], 0, height - 1)
        candidate = (row * width + np.clip(x + side[:, :1], 0, width - 1)).reshape(-1)
        found = np.where((faces.take(found) != face) & (faces.take(candidate) == face), candidate, found)
    return found


def developed(scene: Scene, camera: Camera, radiance: np.ndarray) -> np.ndarray:
    """Apply automatic exposure, gamma 2 and sensor noise; return the image (H, W, 3) uint8."""
    rng = scene.rng(2, crc32(camera.camera_T_world.tobytes()))
    gain = scene.exposure * np.clip(0.32 / radiance.mean(), 0.6, 2.0) * rng.uniform(0.9, 1.1)
    image = np.sqrt(np.minimum(radiance * np.float32(gain), 1)) * np.float32(255)
    image += rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(1, 3))
    image = np.clip(image + np.float32(0.5), 0, 255, out=image).astype(np.uint8)
    return np.ascontiguousarray(image.T)


def one_face_around(face: np.ndarray) -> np.ndarray:
    """Pixels (H, W) whose four neighbours show the same flat face."""
    same = np.zeros(face.shape, bool)
    middle = face[1:-1, 1:-1]
    same[1:-1, 1:-1] = (
        (middle == face[:-2, 1:-1])
        & (middle == face[2:, 1:-1])
        & (middle == face[1:-1, :-2])
        & (middle == face[1:-1, 2:])
    )
    return same


def texture_coordinates(scene: Scene, hit: dict[str, np.ndarray]) -> np.ndarray:
    """Texture coordinates (2, N) of hits, in texels."""
    table = scene.texel.take(hit['primID'], axis=1)
    return table[:2] + hit['u'] * table[2:4] + hit['v'] * table[4:]


def slopes(texel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change (2, H, W) of texture coordinates per pixel along x and y; zero at the rim."""
    across, down = np.zeros_like(texel), np.zeros_like(texel)
    across[:, :, 1:-1] = (texel[:, :, 2:] - texel[:, :, :-2]) / 2
    down[:, 1:-1] = (texel[:, 2:] - texel[:, :-2]) / 2
    return across, down


def texture_level(scene: Scene, camera: Camera, directions: np.ndarray, hit: dict[str, np.ndarray]) -> np.ndarray:
    """Which halved copy of the tile suits a hit: about two texels per pixel along the longer way."""
    triangle = hit['primID']
    slant = np.abs(dot(scene.normal.take(triangle, axis=1), directions))
    texels = scene.detail[triangle] * hit['tfar'] / camera.intrinsics[0, 0] / np.maximum(slant, 0.15)
    return np.clip(np.log2(np.maximum(texels, 0.1)) - 0.7, 0, LEVELS - 1).astype(np.int32)


def texture(scene: Scene, triangle: np.ndarray, texel: np.ndarray, level: np.ndarray) -> np.ndarray:
    """The two channels (2, N) of the bank, 0..1."""
    column, row = texel.astype(np.int32) & (SIZE - 1)
    place = scene.tile[triangle] + OFFSETS[level] + ((row >> level) << LOG_SIZE - level) + (column >> level)
    value = bank().texels[place]
    return np.stack([value & 255, value >> 8]).astype(np.float32) / 255


def surface_colour(scene: Scene, triangle: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The colour (3, N) of the surface in linear light."""
    table = scene.colour.take(triangle, axis=1)
    colour = table[:3] + weights[0] * table[3:6] + weights[1] * table[6:]
    return np.clip(colour, 0.003, 1, out=colour)


def lighting(scene: Scene, origin: np.ndarray, directions: np.ndarray, hit: dict[str, np.ndarray]) -> np.ndarray:
    """What falls on a hit (3, N): light from everywhere, from the lamp and the window it can see, and its own glow."""
    triangle = hit['primID']
    point = directions * hit['tfar'] + origin[:, None]
    normal = scene.normal.take(triangle, axis=1)
    size = scene.size[:, None]
    near = 1 + 5 * np.maximum(np.minimum(point, size - point), 0)  # darker towards corners
    shade = 1 - np.float32(0.3) / (near * near)
    shade = shade[0] * shade[1] * shade[2] * (np.float32(0.9) + np.float32(0.1) * normal[2])
    total = shade * scene.ambient[:, None] + scene.glow.take(triangle)
    start = point + normal * np.float32(2e-3)
    for light in scene.lights:
        towards = light.position[:, None] - point
        squared = dot(towards, towards)
        strength = dot(normal, towards) / np.sqrt(squared) / (np.float32(0.5) + np.float32(0.22) * squared)
        if light.facing.any():
            strength *= np.maximum(dot(-light.facing[:, None], towards) / np.sqrt(squared), 0)
        strength[strength < 0.01] = 0
        lit = np.flatnonzero(strength)
        strength[lit[scene.blocked(start.take(lit, axis=1), towards.take(lit, axis=1))]] = 0
        total += strength * light.colour[:, None]
    return total


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Scalar products (N,) of the columns of a and b (3, N)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def pixel_spread(samples: int) -> np.ndarray:
    """Points (samples, 2) around a pixel's centre, the first one in it, the others on a ring."""
    angle = 0.35 + 2 * np.pi * np.arange(samples - 1) / max(1, samples - 1)
    ring = 0.38 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([np.zeros((1, 2)), ring]).astype(np.float32)
