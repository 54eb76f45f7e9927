"""PLY files: the header describes the bytes."""

import numpy as np
import pytest
from ply_reader import read_ply

from mmmtl.files.ply_files import write_ply


@pytest.mark.parametrize('count', [0, 1, 1000])
def test_values_are_read_back(tmp_path, count):
    generator = np.random.default_rng(0)
    points, normals = generator.normal(size=(2, count, 3)).astype(np.float32)
    colours = generator.integers(0, 256, (count, 3), np.uint8)
    write_ply(tmp_path / 'a.ply', points, colours, normals, 'metres')
    lines, vertices = read_ply(tmp_path / 'a.ply')
    assert lines[:4] == ['ply', 'format binary_little_endian 1.0', 'comment metres', f'element vertex {count}']
    for names, values in (('x y z', points), ('nx ny nz', normals), ('red green blue', colours)):
        assert np.array_equal(np.stack([vertices[name] for name in names.split()], 1), values)
    assert [file.name for file in tmp_path.iterdir()] == ['a.ply']
