"""What the page shows: images of one size, keys, escaped names; and what it lets one download."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from mmmtl.web.prediction import PagePrediction, centred_camera
from mmmtl.web.results import draw_cloud, overview, shown_size, slider_images, thin_out, write_archive


@pytest.fixture(params=[(60, 80), (90, 31)])
def prediction(request, tasks):
    """A photograph of random content and maps; the name has characters that HTML escapes."""
    size, generator = request.param, np.random.default_rng(0)
    normal = generator.normal(size=(*size, 3)).astype(np.float32)
    maps = {
        'semseg': generator.integers(0, 3, size),
        'depth': generator.uniform(1, 5, size).astype(np.float32),
        'normal': normal / np.linalg.norm(normal, axis=-1, keepdims=True),
    }
    image = generator.integers(0, 255, (*size, 3), np.uint8)
    return PagePrediction('a<b>&"c"', image, maps, centred_camera(size, 50.0))


@pytest.mark.parametrize(
    ('shape', 'size'), [((100, 200), (200, 400)), ((3000, 4000), (420, 560)), ((2000, 2), (560, 1))]
)
def test_shown_size(shape, size):
    assert shown_size(shape, 560) == size


@pytest.mark.parametrize('shape', [(3000, 4000), (1119, 20), (1, 5000, 3)])
def test_large_maps_are_thinned_out_before_they_are_drawn(shape):
    thinned = thin_out(np.zeros(shape, np.uint8), 560)
    assert 2 * 560 <= max(thinned.shape[:2]) < 3 * 560 or thinned.shape == shape


def test_the_slider_has_images_of_one_size(prediction, tasks):
    for task in tasks.values():
        before, after = slider_images(prediction, task)
        assert before.shape == after.shape and before.dtype == after.dtype == np.uint8


def test_the_overview_has_all_maps_with_keys(prediction, tasks):
    text = overview([prediction, prediction], tasks)
    assert text.count('<figure>') == 8 and text.count('class="key"') == 6
    assert 'a&lt;b&gt;&amp;&quot;c&quot;' in text and '<b>' not in text
    assert not re.search(r'(src|href)="(?!data:image/)', text)


def test_the_cloud(prediction, tasks):
    assert 'field of view' in draw_cloud(prediction, tasks) and '<iframe' in draw_cloud(prediction, tasks)
    assert draw_cloud(prediction, {'semseg': tasks['semseg']}) == ''
    prediction.maps['depth'][:] = 0
    assert draw_cloud(prediction, tasks) == ''


def test_the_archive_has_the_maps_at_full_size(prediction, tasks, tmp_path):
    write_archive(tmp_path / 'a.zip', [prediction], tasks)
    with zipfile.ZipFile(tmp_path / 'a.zip') as archive:
        files = {name.removeprefix(f'{prediction.name}.'): archive.read(name) for name in archive.namelist()}
    assert set(files) == {'semseg.png', 'depth.png', 'depth.npy', 'normal.png', 'sheet.png'}
    opened = {name: np.asarray(Image.open(io.BytesIO(files[name]))) for name in files if name.endswith('.png')}
    np.testing.assert_array_equal(opened['semseg.png'], prediction.maps['semseg'])
    np.testing.assert_array_equal(np.load(io.BytesIO(files['depth.npy'])), prediction.maps['depth'])
    np.testing.assert_allclose(opened['depth.png'] / 1000, prediction.maps['depth'], atol=6e-4)
    normals = (opened['normal.png'] / 127.5 - 1) * [1, -1, -1]
    np.testing.assert_allclose(normals, prediction.maps['normal'], atol=5e-3)
