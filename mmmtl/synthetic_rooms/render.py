"""Render a view of a scene: one ray per pixel for the labels, and more rays for the colour at edges."""

from zlib import crc32

import numpy as np

from mmmtl.synthetic_rooms.cameras import Camera
from mmmtl.synthetic_rooms.lights import pattern_indices
from mmmtl.synthetic_rooms.scene import Scene
from mmmtl.synthetic_rooms.shading import (
    Hits,
    TextureAt,
    cast,
    lighting,
    slopes,
    soften_shadows,
    strips,
    surface_colour,
    texture_coordinates,
    texture_level,
)


def render_view(scene: Scene, camera: Camera, *, samples: int = 4) -> dict[str, np.ndarray]:
    """Render the image and the labels of a view.

    Labels belong to the ray through the pixel centre. The colour is the mean over ``samples`` points of the pixel.
    If the pixel and its four neighbours are on one flat face, the texture coordinates of these points are extrapolated
    from those of the pixel centre; otherwise, a ray is cast through each point.

    Args:
        scene: The room.
        camera: The camera.
        samples: Number of points per pixel for the colour, at least 1.

    Returns:
        ``image`` (H, W, 3) uint8 RGB, ``semseg`` (H, W) uint8, ``depth`` (H, W) float32 in metres, ``normal``
        (H, W, 3) float32 unit vectors in the camera frame, ``instance`` (H, W) uint16.
    """
    shape = (camera.height, camera.width)
    x, y = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
    slot = pattern_indices(*np.indices(shape)).reshape(-1)
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
    """Return the image (H, W, 3) uint8, given the hits of the H W rays through the pixel centres, row by row."""
    shape = (camera.height, camera.width)
    face = scene.face.take(hits.triangle)
    flat = one_face_around(face.reshape(shape)).reshape(-1)  # (N,) pixels that need no further rays
    offsets = pixel_offsets(samples)

    texel = np.concatenate([texture_coordinates(scene, hits.select(strip)) for strip in strips(len(face))], 1)  # (2, N)
    across, down = (step.reshape(2, -1) * flat for step in slopes(texel.reshape(2, *shape)))
    light, radiance = np.empty((2, 3, len(face)), np.float32)
    for strip in strips(len(face)):
        strip_hits = hits.select(strip)
        texture = TextureAt(scene, strip_hits.triangle, texture_level(scene, camera, strip_hits))
        weights = texture(texel[:, strip])  # (2, n) sum over the samples; the first is at the pixel centre
        for dx, dy in offsets[1:]:
            coordinates = dx * across[:, strip]
            coordinates += texel[:, strip]
            coordinates += dy * down[:, strip]
            weights += texture(coordinates)
        weights /= samples
        light[:, strip] = lighting(scene, camera.position, strip_hits)
        radiance[:, strip] = surface_colour(scene, strip_hits.triangle, weights)
    if scene.variety.soft_shadows:
        light = soften_shadows(light.reshape(3, *shape), face.reshape(shape)).reshape(3, -1)
    radiance *= light

    edge = np.flatnonzero(~flat)
    if len(edge) and samples > 1:
        x, y = (part.astype(np.float32) + np.float32(0.5) for part in (edge % shape[1], edge // shape[1]))
        directions = camera.directions(x + offsets[1:, :1], y + offsets[1:, 1:])  # (3, (samples - 1) * E)
        fine = cast(scene, camera, directions, np.tile(hits.slot.take(edge), samples - 1))
        pixel, other = pixels_on_face(face.reshape(shape), edge, offsets[1:], scene.face.take(fine.triangle))
        ring = np.stack([channel.take(pixel) for channel in light])  # (3, (samples - 1) * E)
        ring[:, other] = lighting(scene, camera.position, fine.select(other))
        for strip in strips(len(pixel)):
            strip_hits = fine.select(strip)
            texture = TextureAt(scene, strip_hits.triangle, texture_level(scene, camera, strip_hits))
            ring[:, strip] *= surface_colour(
                scene, strip_hits.triangle, texture(texture_coordinates(scene, strip_hits))
            )
        for channel, around in zip(radiance, ring.reshape(3, samples - 1, -1), strict=True):
            channel[edge] = (channel.take(edge) + around.sum(0)) / samples
    rng = scene.rng(2, crc32(camera.camera_T_world.tobytes()))
    return scene.variety.film.develop(radiance.reshape(3, *shape), scene.exposure, rng)


def pixels_on_face(
    faces: np.ndarray, pixel: np.ndarray, offsets: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find a pixel for each sample whose centre is on the same face as the sample.

    The candidates are the pixel of the sample and its three neighbours on the side of the sample. Light varies slowly
    along a face, so the light of the found pixel is reused for the sample.

    Args:
        faces: Index of the face at each pixel centre, (H, W).
        pixel: Indices of E pixels in the flattened image, (E,); each has S samples.
        offsets: Offsets (x, y) of the samples from the pixel centre in pixels, (S, 2).
        face: Indices of the faces that the samples hit, (S * E,), sample by sample.

    Returns:
        Indices of the found pixels (S * E,), and the indices of the samples without such a pixel.
    """
    height, width = faces.shape
    found = np.tile(pixel, len(offsets))
    side = np.sign(offsets).astype(np.int64)
    other = np.flatnonzero(faces.take(found) != face)
    for step_x, step_y in ((1, 0), (0, 1), (1, 1)):
        sample, own = other // len(pixel), found.take(other)
        y, x = np.divmod(own, width)
        row = np.clip(y + step_y * side[:, 1].take(sample), 0, height - 1)
        candidate = row * width + np.clip(x + step_x * side[:, 0].take(sample), 0, width - 1)
        same = faces.take(candidate) == face.take(other)
        found[other[same]] = candidate[same]
        other = other[~same]
    return found, other


def one_face_around(face: np.ndarray) -> np.ndarray:
    """Return a mask (H, W) of the pixels whose four neighbours are on the same flat face; False at the border."""
    same = np.zeros(face.shape, bool)
    middle = face[1:-1, 1:-1]
    same[1:-1, 1:-1] = (
        (middle == face[:-2, 1:-1])
        & (middle == face[2:, 1:-1])
        & (middle == face[1:-1, :-2])
        & (middle == face[1:-1, 2:])
    )
    return same


def pixel_offsets(samples: int) -> np.ndarray:
    """Return offsets (x, y) from the pixel centre in pixels, (samples, 2): the first is 0, the rest are on a circle."""
    angle = 0.35 + 2 * np.pi * np.arange(samples - 1) / max(1, samples - 1)
    ring = 0.38 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([np.zeros((1, 2)), ring]).astype(np.float32)
