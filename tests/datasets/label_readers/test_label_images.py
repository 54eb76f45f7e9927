"""Labels in pictures: grey normals are void, what cannot be a label is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets.label_readers.label_images import (
    BinaryMaskFile,
    InstanceBoundaries,
    NormalFile,
    class_boundaries,
)
from mmmtl.tasks import Depth, Edge, Normal, Saliency, SemSeg

NORMAL = Normal('normal')


def unit(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    vectors = rng.normal(size=(*size, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def write_normals(path: Path, vectors: np.ndarray) -> Path:
    Image.fromarray(np.round(127.5 * (vectors + 1)).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize('grey', [127, 128])
def test_grey_normals_are_void_and_the_rest_is_unit(tmp_path, grey):
    vectors = unit(np.random.default_rng(0), (30, 40))
    path = write_normals(tmp_path / 'n.png', vectors)
    picture = np.array(Image.open(path))
    picture[:5] = grey
    Image.fromarray(picture).save(path)
    label = NormalFile(path).load(NORMAL)
    NORMAL.check(label)
    assert not label[:5].any()
    np.testing.assert_allclose(np.linalg.norm(label[5:], axis=-1), 1, atol=1e-5)
    assert np.rad2deg(np.arccos((label * vectors).sum(-1)[5:].clip(-1, 1))).max() < 0.6  # 8 bits know no better


def test_signs_take_the_axes_to_ours(tmp_path):
    path = write_normals(tmp_path / 'n.png', np.full((4, 4, 3), (0, 0.6, 0.8)))
    np.testing.assert_allclose(NormalFile(path, (1, -1, -1)).load(NORMAL)[0, 0], (0, -0.6, -0.8), atol=0.01)


def test_float_normals_of_nearly_unit_length_are_made_unit(tmp_path):
    vectors = unit(np.random.default_rng(1), (10, 10)).astype(np.float64) * 0.97
    vectors[0, 0], vectors[0, 1] = 0, 0.3 * vectors[0, 1]
    np.save(tmp_path / 'n.npy', vectors)
    label = NormalFile(tmp_path / 'n.npy').load(NORMAL)
    assert label.dtype == np.float32 and not label[0, :2].any()
    np.testing.assert_allclose(label[1:], vectors[1:] / 0.97, atol=1e-6)


def test_what_holds_no_normals_is_refused(tmp_path, data_error):
    rng = np.random.default_rng(0)
    path = tmp_path / 'n.png'
    Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(path)  # a photograph in their place
    with data_error(path, 'of another length'):
        NormalFile(path).load(NORMAL)
    Image.fromarray(rng.integers(0, 256, (30, 40), np.uint8)).save(path)
    with data_error(path, 'H x W x 3'):
        NormalFile(path).load(NORMAL)
    for name, value, reason in (('nan', np.nan, 'length'), ('long', 1.5, 'at most 2.6'), ('whole', 1, 'as 8 bits')):
        np.save(tmp_path / f'{name}.npy', np.full((4, 4, 3), value))
        with data_error(tmp_path / f'{name}.npy', reason):
            NormalFile(tmp_path / f'{name}.npy').load(NORMAL)
        np.save(tmp_path / 'whole.npy', np.ones((4, 4, 3), np.int32))


@pytest.mark.parametrize(
    ('values', 'expected'),
    [([0, 255, 127, 128], [0, 1, 0, 1]), ([0, 1, 1, 0], [0, 1, 1, 0]), ([0, 0, 0, 0], [0, 0, 0, 0])],
)
def test_pictures_of_two_values(tmp_path, values, expected):
    path = tmp_path / 'b.png'
    Image.fromarray(np.array([values], np.uint8)).save(path)
    whole, real = BinaryMaskFile(path).load(SemSeg('saliency', classes='ab')), BinaryMaskFile(path).load(Depth('edge'))
    assert whole.tolist() == [expected] and whole.dtype == np.int64
    assert real.tolist() == [expected] and real.dtype == np.float32


def test_colour_is_no_picture_of_two_values(tmp_path, data_error):
    for number, picture in enumerate((np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 999, np.uint16))):
        path = tmp_path / f'{number}.png'
        Image.fromarray(picture).save(path)
        with data_error(path, 'single-channel'):
            BinaryMaskFile(path).load(Depth('edge'))


def test_boundaries_are_thin_lines_where_classes_meet():
    labels = np.zeros((20, 30), np.int64)
    labels[:, 12:] = 300  # more than 8 bits hold
    found = class_boundaries(labels)
    assert found.dtype == bool and set(np.nonzero(found)[1]) <= {11, 12}
    assert (found[2:-2].sum(1) == 1).all()
    assert not class_boundaries(np.full((8, 8), 7)).any()


def test_boundaries_lie_along_all_borders_and_nowhere_else():
    rng = np.random.default_rng(0)
    labels = np.kron(rng.integers(0, 400, (4, 5)), np.ones((9, 9), int))
    meet = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        change = np.diff(labels, axis=axis) != 0
        meet |= np.pad(change, [(0, 1) if a == axis else (0, 0) for a in (0, 1)])
        meet |= np.pad(change, [(1, 0) if a == axis else (0, 0) for a in (0, 1)])
    found = class_boundaries(labels)
    near = cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert not (found & ~meet).any() and not (meet & ~near).any()
    assert found.sum() < 0.6 * meet.sum()


def test_instance_boundaries_do_not_depend_on_the_numbers(tmp_path):
    rng = np.random.default_rng(1)
    instances = np.kron(rng.integers(0, 9, (4, 5)), np.ones((9, 9), int))
    loaded = []
    for offset in (0, 7000):
        Image.fromarray((instances + offset).astype(np.uint16)).save(tmp_path / f'{offset}.png')
        loaded.append(InstanceBoundaries(tmp_path / f'{offset}.png').load(Edge('edge')))
    assert loaded[0].dtype == np.float32 and 0 < loaded[0].mean() < 0.3
    np.testing.assert_array_equal(loaded[0], class_boundaries(instances))
    np.testing.assert_array_equal(loaded[1], loaded[0])


def test_void_of_a_mask_does_not_shift_the_threshold(tmp_path):
    path = tmp_path / 'mask.npy'
    np.save(path, np.array([[0, 1, 255]], np.uint8))
    assert BinaryMaskFile(path, void=255).load(Saliency('saliency')).tolist() == [[0, 1, 255]]
