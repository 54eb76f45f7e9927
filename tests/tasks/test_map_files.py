"""Files of predictions: another program that reads them finds the values."""

import io

import numpy as np
import pytest
from PIL import Image

from mmmtl.tasks import Confidence, Depth, Disparity, Edge, HumanParts, Normal, Saliency, SemSeg

RANDOM = np.random.default_rng(0)


def read(content: np.ndarray | bytes) -> Image.Image:
    """Open a PNG as another program does, after writing it if it is an array."""
    if isinstance(content, bytes):
        return Image.open(io.BytesIO(content))
    file = io.BytesIO()
    Image.fromarray(content).save(file, 'PNG')
    return Image.open(file)


def test_classes_are_indices_with_a_palette():
    task = SemSeg('semseg', ('bed', 'chair', 'wall'), palette=[(0, 0, 0), (1, 2, 3), (200, 100, 50)])
    values = RANDOM.choice([0, 1, 2, 255], (7, 9)).astype(np.uint8)
    (suffix, content), *others = task.files.encode(values).items()
    image = read(content)
    assert suffix == '.png' and not others and image.mode == 'P'
    np.testing.assert_array_equal(np.asarray(image), values)
    np.testing.assert_array_equal(np.asarray(image.convert('RGB')), task.visualize(values))
    assert read(HumanParts('parts').files.encode(values % 5)['.png']).mode == 'P'


def test_depth_is_millimetres_and_metres():
    values = np.array([[0.0004, 0.5, 1.2344, 65.535, 65.5354, 65.536, 80, -1, 0, np.nan, np.inf]], np.float32)
    files = Depth('depth').files.encode(values)
    image = read(files['.png'])
    assert image.mode.startswith('I;16')
    assert np.asarray(image).tolist() == [[0, 500, 1234, 65535, 65535, 0, 0, 0, 0, 0, 0]]
    assert files['.npy'].dtype == np.float32
    np.testing.assert_array_equal(files['.npy'], np.where(values == -1, 0, values))


def test_written_depth_can_be_read_as_a_label():
    """An untrained network predicts negative depth, which no label may have."""
    task, values = Depth('depth'), RANDOM.normal(size=(5, 6))
    assert values.min() < 0 < values.max()
    for written in (task.files.encode(values)['.npy'], task.files.array(values)):
        task.check(written)
        np.testing.assert_array_equal(written > 0, values > 0)


def test_depth_beyond_the_png_is_named():
    files = Depth('depth').files
    assert files.lost(np.array([[1.0, 65.5354, -3.0, np.nan]])) == ''
    assert files.lost(np.array([[70.0, 65.6, 2.0]])).startswith('2 pixels deeper than 65.535 m')


def test_normals_can_be_decoded():
    values = RANDOM.normal(size=(20, 30, 3)).astype(np.float32)
    values /= np.linalg.norm(values, axis=-1, keepdims=True)
    values[0] = 0
    image = np.asarray(read(Normal('normal').files.encode(values)['.png']))
    assert (image[0] == 0).all()
    decoded = (image[1:] / 127.5 - 1) * (1, -1, -1)
    np.testing.assert_allclose(decoded, values[1:], atol=0.5 / 127.5 + 1e-6)


@pytest.mark.parametrize('task', [Edge('edge'), Saliency('saliency'), Confidence('confidence')])
def test_probabilities_are_grey_levels(task):
    values = np.array([[0, 0.5, 1, 0.25]], np.float32)
    assert np.asarray(read(task.files.encode(values)['.png'])).tolist() == [[0, 128, 255, 64]]


def test_other_maps_are_arrays():
    values = RANDOM.random((3, 4))
    ((suffix, content),) = Disparity('disparity').files.encode(values).items()
    assert suffix == '.npy' and content is values
