"""Place cameras in a room: positions, targets, and neighbouring cameras with overlapping views."""

from dataclasses import dataclass, replace

import numpy as np

from mmmtl.synthetic_rooms.scene import CLASSES, Scene
from mmmtl.synthetic_rooms.viewpoints import Viewpoints

# relative frequency at which a camera is aimed at an instance of a class; higher for classes that cover few pixels
TARGET_WEIGHTS = dict(
    bed=1.0, books=1.8, ceiling=1.0, chair=1.5, floor=0.5, furniture=0.4, objects=1.0, picture=1.8, sofa=2.0, table=2.0,
    tv=3.0, wall=0.1, window=1.0,
)  # fmt: skip
GRID = (9, 12)  # rows and columns of the rays that are traced to score a candidate view


@dataclass(frozen=True)
class Neighbours:
    """Constraints on the positions of the other cameras of a room, relative to the first one."""

    apart: tuple[float, float] = (0.1, 0.5)  # minimum and maximum distance from the first camera in metres
    nearest: float = 0.0  # desired depth of the nearest point in view in metres

    @property
    def tries(self) -> int:
        """Number of positions sampled per camera."""
        return 32 if self.nearest else 8  # few positions of a small room have enough free distance

    def __str__(self) -> str:
        """Return the options that differ from their defaults, for the name of the cache folder."""
        apart = '' if self.apart == Neighbours.apart else '-{:g}to{:g}m'.format(*self.apart)
        return apart + (f'-from{self.nearest:g}m' if self.nearest else '')


BESIDE = Neighbours()


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: image size in pixels, intrinsics and pose."""

    width: int
    height: int
    intrinsics: np.ndarray  # (3, 3) float32, pixels
    camera_T_world: np.ndarray  # (4, 4) float32

    @property
    def position(self) -> np.ndarray:
        """Camera centre (3,) in metres in the world frame."""
        return -self.camera_T_world[:3, :3].T @ self.camera_T_world[:3, 3]

    def directions(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the world directions (3, N) of the rays through image points.

        The directions have z = 1 in the camera frame, so the ray parameter of a hit is its depth.

        Args:
            x: Column coordinates in pixels.
            y: Row coordinates in pixels; x and y are broadcast against each other and flattened.
        """
        k, rotation = self.intrinsics, self.camera_T_world[:3, :3]
        x, y = (x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1]
        return np.stack([x * right + (y * down + ahead) for right, down, ahead in rotation.T]).reshape(3, -1)

    def right_neighbour(self, baseline: float) -> 'Camera':
        """Return the right camera of a rectified stereo pair, ``baseline`` metres to the right of this one."""
        pose = self.camera_T_world.copy()
        pose[0, 3] -= baseline
        return replace(self, camera_T_world=pose)


def place_cameras(scene: Scene, views: int, size: tuple[int, int], neighbours: Neighbours = BESIDE) -> list[Camera]:
    """Place the cameras of a room so that the views of all others overlap with that of the first.

    Adding views does not change the cameras before them.

    Args:
        scene: The room.
        views: Number of cameras.
        size: Image size (H, W) in pixels.
        neighbours: Where the other cameras may stand relative to the first.
    """
    rng = scene.rng(1)
    lens = sample_intrinsics(rng, size, scene.variety.viewpoints)
    first = max((sample_first_camera(scene, rng, lens, size) for _ in range(4)), key=lambda pair: pair[0])[1]
    cameras = [first]
    directions, hit = probe(scene, first)
    points = first.position + (directions * hit['tfar']).T
    for view in range(1, views):
        rng = scene.rng(1, view)
        candidates = (sample_neighbour(scene, rng, first, points, neighbours) for _ in range(neighbours.tries))
        best_score, best = -1.0, first
        for score, camera in candidates:
            if score > best_score:
                best_score, best = score, camera
            if score == 1:
                break
        cameras.append(best)
    return cameras


def sample_intrinsics(rng: np.random.Generator, size: tuple[int, int], viewpoints: Viewpoints) -> np.ndarray:
    """Sample intrinsics (3, 3) in pixels with a field of view in the given range and a shifted principal point."""
    height, width = size
    focal = width / 2 / np.tan(np.radians(rng.uniform(*viewpoints.field_of_view)) / 2)
    shift = rng.uniform(-0.02, 0.02, 2) * width
    return np.array([[focal, 0, width / 2 + shift[0]], [0, focal, height / 2 + shift[1]], [0, 0, 1]], np.float32)


def sample_first_camera(
    scene: Scene, rng: np.random.Generator, lens: np.ndarray, size: tuple[int, int]
) -> tuple[float, Camera]:
    """Sample a camera that looks towards a random instance.

    Returns:
        A score in [0, 1] and the camera. Views with near surfaces, few classes or one dominant instance score lower.
    """
    distribution = scene.variety.viewpoints
    weight = np.array([TARGET_WEIGHTS[name] for name in CLASSES])[scene.labels[1:]]
    target = 1 + rng.choice(len(weight), p=weight / weight.sum())
    low, high = scene.boxes[target]
    goal = rng.uniform(low, high) * 0.4 + (low + high) * 0.3
    lowest = (0.3, 0.3, distribution.height[0])
    positions = rng.uniform(lowest, (*(scene.size[:2] - 0.3), distribution.height[1]), (24, 3))
    distance = np.linalg.norm(positions[:, :2] - goal[:2], axis=1)
    desired = np.exp(rng.uniform(np.log(0.9), np.log(4.5)))
    positions = positions[np.argsort(np.abs(distance - desired))]
    position = next((p for p in positions if is_free(scene, p)), positions[0])
    towards = goal - position
    yaw = np.arctan2(towards[1], towards[0]) + rng.normal(0, 0.22)
    pitch = 0.6 * np.arctan2(towards[2], np.hypot(*towards[:2])) + rng.normal(-0.08, distribution.wobble)
    camera = camera_at(position, yaw, np.clip(pitch, *distribution.pitch), rng.normal(0, distribution.roll), lens, size)
    _, hit = probe(scene, camera)
    depth = hit['tfar']
    instances, counts = np.unique(scene.instance[hit['primID']], return_counts=True)
    classes = np.unique(scene.labels[instances])
    score = min(1.0, np.median(depth) / 1.2) * min(1.0, depth.min() / 0.5) * min(1.0, len(classes) / 6)
    return score * min(1.0, 0.4 / (counts.max() / counts.sum())), camera


def sample_neighbour(
    scene: Scene, rng: np.random.Generator, first: Camera, points: np.ndarray, neighbours: Neighbours
) -> tuple[float, Camera]:
    """Sample a camera near the first one that looks at the middle of its view.

    Args:
        scene: The room.
        rng: Random generator.
        first: The first camera of the room.
        points: Points (P, 3) in metres in the world frame that the first camera sees.
        neighbours: Where the camera may stand relative to the first.

    Returns:
        A score, at most 1, and the camera. The score is 1 if the camera sees 50 to 95 % of the points and has
        ``neighbours.nearest`` in front of it, and negative if its position is not free.
    """
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(*neighbours.apart)
    step = length * np.array([np.cos(angle), np.sin(angle), rng.uniform(-0.3, 0.3)])
    position = first.position + step / np.linalg.norm(step) * length
    forward = first.camera_T_world[2, :3]
    middle = first.position + forward * np.median((points - first.position) @ forward)
    towards = middle + rng.normal(0, 0.15, 3) * np.linalg.norm(middle - first.position) - position
    yaw, pitch = np.arctan2(towards[1], towards[0]), np.arctan2(towards[2], np.hypot(*towards[:2]))
    size = (first.height, first.width)
    roll = rng.normal(0, scene.variety.viewpoints.roll)
    camera = camera_at(position, yaw, pitch, roll, first.intrinsics, size)
    if not is_free(scene, position):
        return -0.5, camera
    seen = visible_points(scene, camera, points).mean()
    score = 1.0 if 0.5 <= seen <= 0.95 else 1 - max(0.5 - seen, seen - 0.95)
    if neighbours.nearest:
        score *= min(1.0, probe(scene, camera)[1]['tfar'].min() / neighbours.nearest)
    return score, camera


def visible_points(scene: Scene, camera: Camera, points: np.ndarray) -> np.ndarray:
    """Return a mask (P,) of the world points (P, 3) that the camera sees: in the image and not occluded."""
    pose, k = camera.camera_T_world, camera.intrinsics
    local = points @ pose[:3, :3].T + pose[:3, 3]
    z = np.maximum(local[:, 2], 1e-3)
    x, y = local[:, 0] / z * k[0, 0] + k[0, 2], local[:, 1] / z * k[1, 1] + k[1, 2]
    inside = (local[:, 2] > 0.05) & (x > 0) & (x < camera.width) & (y > 0) & (y < camera.height)
    hit = scene.trace(camera.position, (points - camera.position).T)
    return inside & (hit['tfar'] > 0.99)


def is_free(scene: Scene, position: np.ndarray, margin: float = 0.22) -> bool:
    """Return whether a position (3,) is in the room and in no instance's bounding box, with a margin in metres."""
    if (position < margin).any() or (position > scene.size - margin).any():
        return False
    objects = scene.boxes[7:]  # after four walls, floor and ceiling
    return not ((objects[:, 0] - margin < position) & (position < objects[:, 1] + margin)).all(1).any()


def camera_at(
    position: np.ndarray, yaw: float, pitch: float, roll: float, lens: np.ndarray, size: tuple[int, int]
) -> Camera:
    """Return a camera at a position (x, y, z) in metres with yaw, pitch and roll in radians."""
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    rotation = np.stack([c * right + s * down, c * down - s * right, forward])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, -rotation @ position
    return Camera(size[1], size[0], lens, pose.astype(np.float32))


def probe(scene: Scene, camera: Camera) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Trace a coarse grid of G rays; return their directions (3, G) and their hits (see `Scene.trace`)."""
    rows, columns = GRID
    y, x = (np.arange(rows) + 0.5) / rows * camera.height, (np.arange(columns) + 0.5) / columns * camera.width
    directions = camera.directions(x, y[:, None])
    return directions, scene.trace(camera.position, directions)
