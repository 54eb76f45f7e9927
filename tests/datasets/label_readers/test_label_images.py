"""Labels in image files: grey normals are void, and invalid files are errors."""

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
def test_grey_normals_are_void_and_others_have_unit_length(tmp_path, grey):
    vectors = unit(np.random.default_rng(0), (30, 40))
    path = write_normals(tmp_path / 'n.png', vectors)
    image = np.array(Image.open(path))
    image[:5] = grey
    Image.fromarray(image).save(path)
    label = NormalFile(path).load(NORMAL)
    NORMAL.check(label)
    assert not label[:5].any()
    np.testing.assert_allclose(np.linalg.norm(label[5:], axis=-1), 1, atol=1e-5)
    assert np.rad2deg(np.arccos((label * vectors).sum(-1)[5:].clip(-1, 1))).max() < 0.6  # the resolution of 8 bits


def test_signs_convert_the_axes(tmp_path):
    path = write_normals(tmp_path / 'n.png', np.full((4, 4, 3), (0, 0.6, 0.8)))
    np.testing.assert_allclose(NormalFile(path, (1, -1, -1)).load(NORMAL)[0, 0], (0, -0.6, -0.8), atol=0.01)


def test_float_normals_of_nearly_unit_length_are_normalized(tmp_path):
    vectors = unit(np.random.default_rng(1), (10, 10)).astype(np.float64) * 0.97
    vectors[0, 0], vectors[0, 1] = 0, 0.3 * vectors[0, 1]
    np.save(tmp_path / 'n.npy', vectors)
    label = NormalFile(tmp_path / 'n.npy').load(NORMAL)
    assert label.dtype == np.float32 and not label[0, :2].any()
    np.testing.assert_allclose(label[1:], vectors[1:] / 0.97, atol=1e-6)


def test_files_without_valid_normals_are_errors(tmp_path, data_error):
    rng = np.random.default_rng(0)
    path = tmp_path / 'n.png'
    Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(path)  # not unit vectors
    with data_error(path, 'of a different length'):
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
def test_binary_masks_are_decoded_for_classes_and_fractions(tmp_path, values, expected):
    path = tmp_path / 'b.png'
    Image.fromarray(np.array([values], np.uint8)).save(path)
    classes, fractions = (
        BinaryMaskFile(path).load(SemSeg('saliency', classes='ab')),
        BinaryMaskFile(path).load(Depth('edge')),
    )
    assert classes.tolist() == [expected] and classes.dtype == np.int64
    assert fractions.tolist() == [expected] and fractions.dtype == np.float32


def test_colour_and_16_bit_images_are_not_binary_masks(tmp_path, data_error):
    for number, image in enumerate((np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 999, np.uint16))):
        path = tmp_path / f'{number}.png'
        Image.fromarray(image).save(path)
        with data_error(path, 'single-channel'):
            BinaryMaskFile(path).load(Depth('edge'))


def test_a_negative_value_is_no_background(tmp_path, data_error):
    np.save(tmp_path / 'a.npy', np.array([[-1, 0, 1]], np.int16))
    with data_error(tmp_path / 'a.npy', r'expected values 0\.\.255, found -1; state the value of unknown pixels: void'):
        BinaryMaskFile(tmp_path / 'a.npy').load(Saliency('saliency'))
    assert BinaryMaskFile(tmp_path / 'a.npy', void=-1).load(Saliency('saliency')).tolist() == [[255, 0, 1]]


def test_boundaries_are_thin_lines_where_classes_meet():
    labels = np.zeros((20, 30), np.int64)
    labels[:, 12:] = 300  # exceeds 8 bits
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


def test_instance_boundaries_do_not_depend_on_the_instance_ids(tmp_path):
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


@pytest.mark.parametrize('signs', [(1, 1, 1), (1, -1, -1)])
@pytest.mark.parametrize('suffix', ['png', 'npy'])
def test_normals_are_those_of_the_plain_formula(tmp_path, suffix, signs):
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(40, 56, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal[0] = 0
    path = tmp_path / f'normal.{suffix}'
    raw = np.round(127.5 * (normal + 1)).astype(np.uint8) if suffix == 'png' else normal.astype(np.float32)
    Image.fromarray(raw).save(path) if suffix == 'png' else np.save(path, raw)
    decoded = raw.astype(np.float32) * np.float32(2 / 255) - 1 if suffix == 'png' else raw
    length = np.linalg.norm(decoded, axis=-1, keepdims=True)
    expected = np.where(length > 0.5, decoded / np.maximum(length, 0.5) * np.asarray(signs, np.float32), 0)
    found = NormalFile(path, signs).load(NORMAL)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected.astype(np.float32))


@pytest.mark.parametrize('signs', [(1, 1, 1), (-1, 1, -1)])
@pytest.mark.parametrize('size', [(3, 4), (61, 83)])
def test_normals_are_those_of_the_formula_to_the_last_bit(tmp_path, size, signs):
    vectors = unit(np.random.default_rng(2), size)
    vectors[0] = 0
    np.save(tmp_path / 'n.npy', vectors)
    as_bytes = np.round(127.5 * (vectors + 1)).astype(np.uint8)
    Image.fromarray(as_bytes).save(tmp_path / 'n.png')
    for path, values in (
        (tmp_path / 'n.npy', vectors.astype(np.float32)),
        (tmp_path / 'n.png', as_bytes.astype(np.float32) * np.float32(2 / 255) - 1),
    ):
        length = np.linalg.norm(values, axis=-1, keepdims=True)
        expected = values / np.maximum(length, 0.5) * np.array(signs, np.float32)
        expected[length[..., 0] <= 0.5] = 0
        found = NormalFile(path, signs).load(NORMAL)
        np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))  # also the signs of zeros


def test_large_masks_are_decoded_like_small_ones(tmp_path):
    raw = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
    Image.fromarray(raw).save(tmp_path / 'm.png')
    for task in (Saliency('saliency'), SemSeg('classes', classes='ab')):
        label = BinaryMaskFile(tmp_path / 'm.png', void=(3, 200)).load(task)
        expected = np.where(np.isin(raw, (3, 200)), task.void, raw > 127.5)
        np.testing.assert_array_equal(label, expected)
