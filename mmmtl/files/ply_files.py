"""Write point clouds as PLY files, which MeshLab, CloudCompare, Blender and Open3D read."""

from pathlib import Path

import numpy as np

from mmmtl.files.atomic_path import atomic_path

PROPERTIES = (
    *((name, 'float', '<f4') for name in ('x', 'y', 'z', 'nx', 'ny', 'nz')),
    *((name, 'uchar', 'u1') for name in ('red', 'green', 'blue')),
)
CAMERA_FRAME = 'metres; camera frame: x right, y down, z forward'
"""Comment of a file whose points are those of one camera."""


def write_ply(file: Path, points: np.ndarray, colours: np.ndarray, normals: np.ndarray, comment: str = '') -> None:
    """Write a point cloud in the binary little-endian format; an existing file is replaced as a whole.

    Args:
        file: File to write.
        points: (P, 3).
        colours: (P, 3) uint8 RGB.
        normals: (P, 3).
        comment: One line for the header, ASCII.
    """
    with atomic_path(file) as unfinished:
        unfinished.write_bytes(encode_ply(points, colours, normals, comment))


def encode_ply(points: np.ndarray, colours: np.ndarray, normals: np.ndarray, comment: str = '') -> bytes:
    """Return the content of the file that `write_ply` writes."""
    vertices = np.empty(len(points), [(name, kind) for name, _, kind in PROPERTIES])
    columns = (*points.T, *normals.T, *colours.T)
    for (name, _, _), values in zip(PROPERTIES, columns, strict=True):
        vertices[name] = values
    header = [
        'ply',
        'format binary_little_endian 1.0',
        *([f'comment {comment}'] if comment else []),
        f'element vertex {len(points)}',
        *(f'property {kind} {name}' for name, kind, _ in PROPERTIES),
        'end_header',
    ]
    return ''.join(f'{line}\n' for line in header).encode('ascii', 'replace') + vertices.tobytes()
