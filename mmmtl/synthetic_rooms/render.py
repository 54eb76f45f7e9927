"""A view of a scene: one ray through every pixel's centre for the labels, more rays where the colour needs them."""

from zlib import crc32

import numpy as np

from mmmtl.synthetic_rooms.cameras import Camera
from mmmtl.synthetic_rooms.lights import slots
from mmmtl.synthetic_rooms.scene import Scene
from mmmtl.synthetic_rooms.shading import (
    Hits,
    TextureAt,
    cast,
    lighting,
    slopes,
    softened,
    strips,
    surface_colour,
    texture_coordinates,
    texture_level,
)


def render_view(scene: Scene, camera: Camera, *, samples: int = 4) -> dict[str, np.ndarray]:
    """Return the image (H, W, 3) uint8, semseg uint8, depth float32, normal (H, W, 3) float32, instance uint16.

    Labels belong to the ray through the pixel's centre. The colour is the mean over `samples` points of the pixel.
    Where the pixel and its four neighbours lie on one flat face, these points follow from the face's texture
    coordinates; elsewhere a ray is cast for each.
    """
    shape = (camera.height, camera.width)
    x, y = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
    slot = slots(*np.indices(shape)).reshape(-1)
    hits = cast(scene, camera, camera.directions(x, y[:, None]), slot)
    instance = scene.instance.take(hits.triangle)
    normal = np.ascontiguousarray((camera.camera_T_world[:3, :3] @ scene.normal).T)  # (T, 3) camera frame
    image = colour(scene, camera, hits, samples)
    return dict(
        image=image,
        semseg=scene.labels.take(instance).reshape(shape),
        depth=hits.depth.reshape(shape),
        normal=normal.take(hits.triangle, axis=0).reshape(*shape, 3),
        instance=instance.reshape(shape),
    )


def colour(scene: Scene, camera: Camera, hits: Hits, samples: int) -> np.ndarray:
    """Return the image (H, W, 3) uint8."""
    shape = (camera.height, camera.width)
    face = scene.face.take(hits.triangle)
    flat = one_face_around(face.reshape(shape)).reshape(-1)  # (N,) the cheap pixels
    spread = pixel_spread(samples)

    texel = np.concatenate([texture_coordinates(scene, hits.of(strip)) for strip in strips(len(face))], 1)  # (2, N)
    across, down = (step.reshape(2, -1) * flat for step in slopes(texel.reshape(2, *shape)))
    light, radiance = np.empty((2, 3, len(face)), np.float32)
    for strip in strips(len(face)):
        strip_hits = hits.of(strip)
        texture = TextureAt(scene, strip_hits.triangle, texture_level(scene, camera, strip_hits))
        weights = texture(texel[:, strip])  # (2, n) summed over the samples; the first is the pixel centre
        for dx, dy in spread[1:]:
            position = dx * across[:, strip]
            position += texel[:, strip]
            position += dy * down[:, strip]
            weights += texture(position)
        weights /= samples
        light[:, strip] = lighting(scene, camera.position, strip_hits)
        radiance[:, strip] = surface_colour(scene, strip_hits.triangle, weights)
    if scene.variety.soft_shadows:
        light = softened(light.reshape(3, *shape), face.reshape(shape)).reshape(3, -1)
    radiance *= light

    edge = np.flatnonzero(~flat)
    if len(edge) and samples > 1:
        x, y = (part.astype(np.float32) + np.float32(0.5) for part in (edge % shape[1], edge // shape[1]))
        directions = camera.directions(x + spread[1:, :1], y + spread[1:, 1:])  # (3, (samples - 1) * E)
        fine = cast(scene, camera, directions, np.tile(hits.slot.take(edge), samples - 1))
        pixel, other = pixels_on_face(face.reshape(shape), edge, spread[1:], scene.face.take(fine.triangle))
        ring = np.stack([channel.take(pixel) for channel in light])  # (3, (samples - 1) * E)
        ring[:, other] = lighting(scene, camera.position, fine.of(other))
        for strip in strips(len(pixel)):
            strip_hits = fine.of(strip)
            texture = TextureAt(scene, strip_hits.triangle, texture_level(scene, camera, strip_hits))
            ring[:, strip] *= surface_colour(
                scene, strip_hits.triangle, texture(texture_coordinates(scene, strip_hits))
            )
        for channel, around in zip(radiance, ring.reshape(3, samples - 1, -1), strict=True):
            channel[edge] = (channel.take(edge) + around.sum(0)) / samples
    rng = scene.rng(2, crc32(camera.camera_T_world.tobytes()))
    return scene.variety.film.develop(radiance.reshape(3, *shape), scene.exposure, rng)


def pixels_on_face(
    faces: np.ndarray, pixel: np.ndarray, spread: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find for each sample a pixel whose centre is on the same face: the sample's own, or the neighbour on its side.

    Light changes slowly along a face, so the light of that pixel is reused for the sample.

    Args:
        faces: Faces (H, W) at all pixel centres.
        pixel: Pixels (E,) of the samples.
        spread: Offsets (S, 2) of the samples from the pixel centre.
        face: Faces (S * E,) that the samples hit.

    Returns:
        The pixels (S * E,), and the indices of the samples without such a pixel.
    """
    height, width = faces.shape
    found = np.tile(pixel, len(spread))
    side = np.sign(spread).astype(np.int64)
    other = np.flatnonzero(faces.take(found) != face)
    for step_x, step_y in ((1, 0), (0, 1), (1, 1)):
        sample, position = other // len(pixel), found.take(other)
        y, x = np.divmod(position, width)
        row = np.clip(y + step_y * side[:, 1].take(sample), 0, height - 1)
        candidate = row * width + np.clip(x + step_x * side[:, 0].take(sample), 0, width - 1)
        fits = faces.take(candidate) == face.take(other)
        found[other[fits]] = candidate[fits]
        other = other[~fits]
    return found, other


def one_face_around(face: np.ndarray) -> np.ndarray:
    """Return a mask (H, W) of the pixels whose four neighbours are on the same flat face."""
    same = np.zeros(face.shape, bool)
    middle = face[1:-1, 1:-1]
    same[1:-1, 1:-1] = (
        (middle == face[:-2, 1:-1])
        & (middle == face[2:, 1:-1])
        & (middle == face[1:-1, :-2])
        & (middle == face[1:-1, 2:])
    )
    return same


def pixel_spread(samples: int) -> np.ndarray:
    """Return offsets (samples, 2) from the pixel centre in pixels; the first is 0, the others lie on a circle."""
    angle = 0.35 + 2 * np.pi * np.arange(samples - 1) / max(1, samples - 1)
    ring = 0.38 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([np.zeros((1, 2)), ring]).astype(np.float32)
