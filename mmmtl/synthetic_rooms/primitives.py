"""Primitive solids that furniture is made of, and their triangulation.

A part is a row of ten numbers: shape, centre x y z, half size x y z, tilt about x, yaw about z, material.
A frustum is a cone without its tip; its upper radius is 0.6 times the lower one.
Furniture frame: x along the width, y towards the back, z up; the origin is on the floor below the centre.
"""

from typing import NamedTuple

import numpy as np

BOX, CYLINDER, FRUSTUM, CUSHION, BALL = range(5)
Part = tuple[float, ...]


class Triangles(NamedTuple):
    """The T triangles of all parts of a room."""

    corners: np.ndarray  # (T, 3, 3) metres, world frame
    part: np.ndarray  # (T,) index of the part that a triangle belongs to
    face: np.ndarray  # (T,) index of the flat face that a triangle belongs to
    local: np.ndarray  # (T, 3, 2) coordinates along the face, metres
    unit: np.ndarray  # (T, 3, 2) the same, scaled to 0..1 over the bounding box of the part


def box(material: int, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], tilt: float = 0) -> Part:
    """Return a box.

    Args:
        material: Index of the material.
        x: (lowest, highest) in metres.
        y: (lowest, highest) in metres.
        z: (bottom, top) in metres.
        tilt: Rotation about the x axis through its centre in radians.
    """
    return (BOX, (x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0] + z[1]) / 2,
            (x[1] - x[0]) / 2, (y[1] - y[0]) / 2, (z[1] - z[0]) / 2, tilt, 0, material)  # fmt: skip


def round_part(
    shape: int, material: int, centre: tuple[float, float], z: tuple[float, float], half: tuple[float, float]
) -> Part:
    """Return a cylinder, frustum, cushion or ball.

    Args:
        shape: ``CYLINDER``, ``FRUSTUM``, ``CUSHION`` or ``BALL``.
        material: Index of the material.
        centre: (x, y) of the axis in metres.
        z: (bottom, top) in metres.
        half: Half the size along (x, y) in metres.
    """
    return (shape, *centre, (z[0] + z[1]) / 2, *half, (z[1] - z[0]) / 2, 0, 0, material)


def cylinder(material: int, centre: tuple[float, float], z: tuple[float, float], radius: float) -> Part:
    """Return an upright cylinder around a centre (x, y), with its z range and radius in metres."""
    return round_part(CYLINDER, material, centre, z, (radius, radius))


def moved(parts: list[Part], x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> list[Part]:
    """Return the parts rotated about z by ``yaw`` in radians, then shifted by (x, y, z) in metres."""
    c, s = float(np.cos(yaw)), float(np.sin(yaw))  # Python floats: scalar arithmetic in NumPy is several times slower
    return [
        (p[0], c * p[1] - s * p[2] + x, s * p[1] + c * p[2] + y, p[3] + z, *p[4:8], p[8] + yaw, p[9]) for p in parts
    ]


def triangulate(parts: np.ndarray) -> Triangles:
    """Return the triangles of at least one part, ordered by shape.

    Args:
        parts: (P, 10), see `Part`.

    Raises:
        ValueError: There is no part, or one has an unknown shape.
    """
    if not len(parts) or not np.isin(parts[:, 0], range(len(UNIT))).all():
        raise ValueError(f'expected parts of the shapes 0 to {len(UNIT) - 1}, found {np.unique(parts[:, 0]).tolist()}')
    pieces = []
    faces_before = 0
    for shape, (unit, face) in enumerate(UNIT):
        rows = np.flatnonzero(parts[:, 0] == shape)
        if not len(rows):
            continue
        p = parts[rows]  # K parts of this shape, which has U triangles
        local = unit[None] * p[:, None, None, 4:7]  # (K, U, 3, 3)
        normal = np.cross(local[:, :, 1] - local[:, :, 0], local[:, :, 2] - local[:, :, 0])
        axis = np.abs(normal).argmax(-1)  # (K, U) axis along which a triangle's normal is largest
        corners = rotated(local, 1, 2, p[:, 7])
        corners = rotated(corners, 0, 1, p[:, 8]) + p[:, None, None, 1:4]
        n_faces = face.max() + 1
        faces = faces_before + np.arange(len(rows))[:, None] * n_faces + face
        faces_before += len(rows) * n_faces
        flat = (len(rows) * len(unit), 3)
        pieces.append(Triangles(
            corners.reshape(*flat, 3), np.repeat(rows, len(unit)), faces.reshape(-1),
            along_face(local, axis).reshape(*flat, 2), along_face(unit, axis).reshape(*flat, 2) / 2 + 0.5,
        ))  # fmt: skip
    return Triangles(*(np.concatenate(arrays) for arrays in zip(*pieces, strict=True)))


def along_face(points: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return in-plane coordinates (K, U, 3, 2) of points ([K,] U, 3, 3) on faces with normals along ``axis`` (K, U)."""
    axis = axis[:, :, None]  # below, the coordinates IN_PLANE_AXES[axis]
    first = np.where(axis == 0, points[..., 1], points[..., 0])
    return np.stack([first, np.where(axis == 2, points[..., 1], points[..., 2])], -1)


def rotated(points: np.ndarray, a: int, b: int, angle: np.ndarray) -> np.ndarray:
    """Rotate points (K, U, 3, 3) in the plane of axes a and b by one angle (K,) in radians per part."""
    c, s = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    out = points.copy()
    out[..., a] = c * points[..., a] - s * points[..., b]
    out[..., b] = s * points[..., a] + c * points[..., b]
    return out


IN_PLANE_AXES = np.array([[1, 2], [0, 2], [0, 1]])  # in-plane axes of a face whose normal is along x, y, z


def unit_box() -> tuple[np.ndarray, np.ndarray]:
    """Return the triangles (12, 3, 3) of the box from -1 to 1, and the index (12,) of the face of each."""
    triangles = []
    for axis, (a, b) in enumerate(IN_PLANE_AXES):
        for side in (-1, 1):
            ring = np.zeros((4, 3))
            ring[:, axis] = side
            ring[:, [a, b]] = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
            triangles += [ring[[0, 1, 2]], ring[[0, 2, 3]]]
    return orient_outwards(np.array(triangles)), np.arange(12) // 2


def unit_prism(top: float, sides: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return a prism or frustum from z = -1 to 1.

    Args:
        top: Radius at the top; it is 1 at the bottom.
        sides: Number of lateral faces.

    Returns:
        The triangles (T, 3, 3), and the index (T,) of the flat face of each.
    """
    angle = (np.arange(sides) + 0.5) * 2 * np.pi / sides
    low = np.stack([np.cos(angle), np.sin(angle), np.full(sides, -1.0)], 1)
    high = low * [top, top, -1]
    triangles, faces = [], []
    for i in range(sides):
        j = (i + 1) % sides
        triangles += [[low[i], low[j], high[j]], [low[i], high[j], high[i]]]
        faces += [i, i]
    for ring, face in ((low, sides), (high, sides + 1)):
        for i in range(1, sides - 1):
            triangles.append([ring[0], ring[i], ring[i + 1]])
            faces.append(face)
    return orient_outwards(np.array(triangles)), np.array(faces)


def unit_round(power: float, around: int = 12, upward: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return a ball or a rounded box from -1 to 1.

    Args:
        power: Exponent of the coordinates of a ball, in (0, 1]; 1 for the ball itself.
        around: Number of segments around.
        upward: Number of segments from bottom to top.

    Returns:
        The triangles (T, 3, 3), and the index (T,) of each, as every triangle is a face.
    """

    def swell(x: np.ndarray) -> np.ndarray:  # rounded: cos(pi / 2) is 6e-17, whose root is 8e-9
        return np.sign(x) * np.abs(np.round(x, 9)) ** power

    theta = np.arange(around) * 2 * np.pi / around + np.pi / around
    phi = np.linspace(-np.pi / 2, np.pi / 2, upward + 1)[:, None]
    grid = np.stack(np.broadcast_arrays(swell(np.cos(phi)) * swell(np.cos(theta)),
                                        swell(np.cos(phi)) * swell(np.sin(theta)), swell(np.sin(phi))), -1)  # fmt: skip
    triangles = []
    for i in range(upward):
        for j in range(around):
            a, b, c, d = grid[i, j], grid[i, j - 1], grid[i + 1, j - 1], grid[i + 1, j]
            triangles += ([[a, b, c]] if i else []) + ([[a, c, d]] if i < upward - 1 else [])
    return orient_outwards(np.array(triangles)), np.arange(len(triangles))


def orient_outwards(triangles: np.ndarray) -> np.ndarray:
    """Orient the triangles (T, 3, 3) of a convex solid around the origin so that their normals point outwards."""
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    inside = (normal * triangles.mean(1)).sum(1) < 0
    triangles[inside] = triangles[inside][:, ::-1]
    return triangles


UNIT = (unit_box(), unit_prism(1.0), unit_prism(0.6), unit_round(0.5), unit_round(1.0))  # by shape
