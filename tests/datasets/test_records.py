"""Label files: the arithmetic from raw numbers to a task's values, and every way in which a file can be wrong."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import LabelFile, Record, View
from mmmtl.errors import ConfigError
from mmmtl.files.reading import read_array, read_image
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

DEPTH, NORMAL = Depth('depth'), Normal('normal')
SEMSEG = SemSeg('semseg', classes=[f'class{number}' for number in range(40)])


def png(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values).save(path)
    return path


def npy(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


def test_millimetres_in_16_bits(tmp_path):
    raw = np.array([[0, 1, 1000], [2500, 40000, 65535]], np.uint16)
    label = LabelFile(png(tmp_path / 'd.png', raw), scale=1e-3, void=0).load(DEPTH)
    assert label.dtype == np.float32
    np.testing.assert_allclose(label, raw / 1000, rtol=1e-6)


def test_void_is_decided_by_the_raw_value(tmp_path):
    raw = np.array([[7, 2, 65535]], np.uint16)
    label = LabelFile(png(tmp_path / 'd.png', raw), scale=0.5, offset=-1, void=7).load(DEPTH)
    np.testing.assert_array_equal(label, np.array([[0, 0, 32766.5]], np.float32))


def test_classes_from_one_with_zero_unlabelled(tmp_path):
    raw = np.array([[0, 1, 2], [40, 0, 17]], np.uint8)
    label = LabelFile(png(tmp_path / 's.png', raw), offset=-1, void=0).load(SEMSEG)
    assert label.dtype == np.int64
    assert label.tolist() == [[255, 0, 1], [39, 255, 16]]
    SEMSEG.check(label)


def test_classes_in_a_palette_image_are_its_indices(tmp_path):
    picture = Image.fromarray(np.array([[0, 3], [2, 1]], np.uint8))
    picture.putpalette([200, 10, 10, 10, 200, 10, 10, 10, 200, 50, 50, 50])
    picture.save(tmp_path / 's.png')
    assert Image.open(tmp_path / 's.png').mode == 'P'
    assert LabelFile(tmp_path / 's.png').load(SEMSEG).tolist() == [[0, 3], [2, 1]]


def test_classes_as_whole_floats_pass_and_fractions_do_not(tmp_path, data_error):
    assert LabelFile(npy(tmp_path / 's.npy', np.array([[1.0, 255.0]]))).load(SEMSEG).tolist() == [[1, 255]]
    for bad in (1.5, np.nan):
        path = npy(tmp_path / 'f.npy', np.array([[1.0, bad]]))
        with data_error(path, 'integers for semseg'):
            LabelFile(path).load(SEMSEG)


def test_normals_are_read_from_an_8_bit_image(tmp_path):
    true = np.array([[[0, 0, -1], [0.6, 0, -0.8]], [[-0.36, 0.48, -0.8], [0, -1, 0]]])
    raw = np.round((true + 1) * 127.5).astype(np.uint8)
    raw[1, 1] = 0
    label = LabelFile(png(tmp_path / 'n.png', raw), scale=2 / 255, offset=-1, void=0).load(NORMAL)
    true[1, 1] = 0
    np.testing.assert_allclose(label, true, atol=1.001 / 255)
    assert not label[1, 1].any()
    NORMAL.check(label)


def test_a_vector_is_void_only_if_all_of_its_numbers_are(tmp_path):
    raw = np.array([[[0, 0, 0], [0, 255, 128]]], np.uint8)
    label = LabelFile(png(tmp_path / 'n.png', raw), scale=2 / 255, offset=-1, void=0).load(NORMAL)
    assert not label[0, 0].any()
    np.testing.assert_allclose(label[0, 1], [-1, 1, 128 * 2 / 255 - 1], atol=1e-6)


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64, np.uint16, np.int32])
def test_arrays_of_any_number_type(tmp_path, dtype):
    values = np.array([[1, 2, 3]], dtype)
    np.savez(tmp_path / 'd.npz', values=values)
    for path in (npy(tmp_path / 'd.npy', values), tmp_path / 'd.npz'):
        label = LabelFile(path, scale=0.5).load(DEPTH)
        assert label.dtype == np.float32
        np.testing.assert_array_equal(label, values / 2)


@pytest.mark.parametrize('dtype', [np.uint16, np.int32, bool])
@pytest.mark.parametrize('task', [DEPTH, NORMAL])
def test_metres_and_directions_in_whole_numbers_need_a_scale(tmp_path, dtype, task, data_error):
    path = npy(tmp_path / 'd.npy', np.ones((1, 3), dtype))
    with data_error(path, f'expected {task.name} as floating point, found {np.dtype(dtype)}; integers need'):
        LabelFile(path).load(task)


@pytest.mark.parametrize('value', [np.inf, -np.inf, np.nan, 1e20])
def test_classes_that_no_integer_holds_are_refused(tmp_path, value, data_error):
    path = npy(tmp_path / 's.npy', np.array([[1.0, value]]))
    with data_error(path, 'expected integers for semseg'):
        LabelFile(path).load(SEMSEG)


def test_one_channel_may_have_an_axis_of_its_own(tmp_path):
    values = np.array([[[1.0], [0.0]]], np.float32)
    assert LabelFile(npy(tmp_path / 'd.npy', values), void=0).load(DEPTH).tolist() == [[1.0, 0.0]]


def test_loading_leaves_the_file_and_a_second_load_alone(tmp_path):
    source = LabelFile(npy(tmp_path / 'd.npy', np.array([[1.0, 9.0]], np.float32)), void=9)
    first = source.load(DEPTH)
    first += 1
    assert source.load(DEPTH).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize('mark', [65535, 10000.0, 1e9, -1, np.inf, -np.inf, np.nan])
def test_any_mark_of_missing_depth_is_void_or_out_of_range(tmp_path, mark):
    values = np.array([[2.5, mark, 0, 7]], np.float32)
    path = npy(tmp_path / 'd.npy', values)
    for options in (
        dict(void=mark),
        dict(void=(0, mark)),
        dict(valid_range=(0, 20)),
        dict(valid_range=(2, 7), void=-5),
    ):
        label = LabelFile(path, **options).load(DEPTH)
        assert label.dtype == np.float32 and label.tolist() == [[2.5, 0, 0, 7]], options
        DEPTH.check(label)


def test_several_voids_and_a_range_of_scaled_values(tmp_path):
    path = png(tmp_path / 'd.png', np.array([[0, 65535, 1000, 999, 20000, 20001]], np.uint16))
    label = LabelFile(path, scale=1e-3, void=(0, 65535)).load(DEPTH)
    np.testing.assert_allclose(label, [[0, 0, 1, 0.999, 20, 20.001]], rtol=1e-6)
    label = LabelFile(path, scale=1e-3, void=0, valid_range=(1, 20)).load(DEPTH)
    np.testing.assert_allclose(label, [[0, 0, 1, 0, 20, 0]], rtol=1e-6)
    classes = png(tmp_path / 's.png', np.array([[0, 1, 254, 255, 3]], np.uint8))
    assert LabelFile(classes, offset=-1, void=(0, 255), valid_range=(0, 1)).load(SEMSEG).tolist() == [
        [255, 0, 255, 255, 255]
    ]
    gaps = npy(tmp_path / 's.npy', np.array([[np.nan, 3]]))
    assert LabelFile(gaps, void=np.nan).load(SEMSEG).tolist() == [[255, 3]]


@pytest.mark.parametrize('bounds', [(5, 5), (9, 1), (np.nan, 3)])
def test_a_range_must_rise(bounds):
    with pytest.raises(ConfigError, match='expected valid_range='):
        LabelFile(Path('d'), valid_range=bounds)


def test_one_bit_cannot_be_scaled(tmp_path, data_error):
    path = png(tmp_path / 'e.png', np.array([[True, False]]))
    assert LabelFile(path).load(Edge('edge')).tolist() == [[1, 0]]
    with data_error(path, 'found 1 bit per pixel'):
        LabelFile(path, scale=1 / 255).load(Edge('edge'))


def test_a_record_has_the_labels_of_all_its_views():
    known = {'depth': LabelFile(Path('d'))}, {'semseg': LabelFile(Path('s'))}, {}
    views = tuple(View(Path('image'), labels) for labels in known)
    assert Record('r', views).label_names() == {'depth', 'semseg'}


# -- images -----------------------------------------------------------------------------------------------------------


def test_every_8_bit_image_becomes_rgb(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read_image(png(tmp_path / 'rgb.png', rgb)), rgb)
    alpha = np.dstack([rgb, np.full((5, 7), 255, np.uint8)])
    np.testing.assert_array_equal(read_image(png(tmp_path / 'rgba.png', alpha)), rgb)
    grey = read_image(png(tmp_path / 'grey.png', rgb[..., 0]))
    np.testing.assert_array_equal(grey, rgb[..., [0, 0, 0]])


def test_an_array_is_an_image_as_bytes_or_between_0_and_1(tmp_path, data_error):
    values = np.array([[[0, 0.5, 1]]], np.float32)
    assert read_image(npy(tmp_path / 'i.npy', values)).tolist() == [[[0, 128, 255]]]
    assert read_image(npy(tmp_path / 'i.npy', (values * 255).astype(np.uint8))).tolist() == [[[0, 127, 255]]]
    for bad in (
        values * 1.01,
        values - 0.1,
        values * np.nan,
        values[..., 0],
        values[..., :2],
        values.astype(np.int64),
        values[:0],
    ):
        path = npy(tmp_path / 'bad.npy', bad)
        with data_error(path, 'expected'):
            read_image(path)


def test_a_depth_map_is_not_an_rgb_image(tmp_path, data_error):
    path = png(tmp_path / 'd.png', np.full((4, 4), 3000, np.uint16))
    with data_error(path, '8 bits'):
        read_image(path)


# -- damaged files ----------------------------------------------------------------------------------------------------


def truncated(path: Path, suffix: str) -> Path:
    """A picture of noise that ends after two thirds of its bytes."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, format={'.jpg': 'JPEG', '.png': 'PNG'}[suffix])
    path = path / f'cut{suffix}'
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) * 2 // 3])
    return path


def wrong_files(folder: Path) -> list[Path]:
    (folder / 'empty.png').write_bytes(b'')
    (folder / 'text.jpg').write_text('no picture')
    (folder / 'text.npy').write_text('no array')
    (folder / 'text.npz').write_text('no archive')
    np.savez(folder / 'two.npz', a=np.ones(1), b=np.ones(1))
    np.savez(folder / 'none.npz')
    np.save(folder / 'objects.npy', np.array([{'a': 1}], dtype=object), allow_pickle=True)
    np.save(folder / 'words.npy', np.array([['a', 'b']]))
    np.save(folder / 'complex.npy', np.array([[1j]]))
    (folder / 'folder.png').mkdir()
    whole = io.BytesIO()
    np.savez_compressed(whole, values=np.random.default_rng(0).random((32, 32)))
    (folder / 'cut.npz').write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    np.save(whole := io.BytesIO(), np.ones((32, 32)))
    (folder / 'cut.npy').write_bytes(whole.getvalue()[:-100])
    return [
        truncated(folder, '.jpg'),
        truncated(folder, '.png'),
        *sorted(folder.glob('[!c]*')),
        *folder.glob('c*.np*'),
        folder / 'missing.png',
        folder / 'missing.npz',
    ]


def test_every_wrong_file_is_named_in_one_line(tmp_path, data_error):
    files = wrong_files(tmp_path)
    assert len(set(files)) == 16
    for path in files:
        with data_error(path):
            read_array(path)
        with data_error(path):
            read_image(path)


def test_a_pickle_is_refused_and_never_run(tmp_path, data_error):
    class Trap:
        def __reduce__(self):
            return (tmp_path / 'ran').touch, ()

    path = tmp_path / 'trap.npy'
    np.save(path, np.array([Trap()], dtype=object), allow_pickle=True)
    with data_error(path, 'allow_pickle=False'):
        read_array(path)
    assert not (tmp_path / 'ran').exists()
    np.load(path, allow_pickle=True)  # the trap works
    assert (tmp_path / 'ran').exists()


def test_two_arrays_are_named(tmp_path, data_error):
    np.savez(tmp_path / 'two.npz', near=np.ones(1), far=np.ones(1))
    with data_error(tmp_path / 'two.npz', 'expected one array, found near, far'):
        read_array(tmp_path / 'two.npz')
