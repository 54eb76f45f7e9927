"""An image of any size in, one map per task of that size out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from PIL import Image

from mmmtl.apis import MultiTaskInferencer, init_model, load_config
from mmmtl.apis.checkpoint import write_checkpoint
from mmmtl.errors import CheckpointError, ConfigError, DataError
from mmmtl.visualization.sheet import GAP, LINE

CONFIG = next((Path(__file__).parents[2] / 'configs' / 'baseline').glob('aspp_resnet18_*_rooms_full.py'))


@pytest.fixture(scope='module')
def weights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    torch.manual_seed(3)
    write_checkpoint({'state_dict': init_model(CONFIG).state_dict()}, path)
    return path


@pytest.fixture(scope='module')
def infer(weights) -> MultiTaskInferencer:
    return MultiTaskInferencer(CONFIG, weights)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def write(path: Path, image: np.ndarray) -> Path:
    Image.fromarray(image).save(path)
    return path


@pytest.mark.parametrize('size', [(37, 53), (1, 1), (5, 300), (128, 160)])
def test_maps_have_the_size_of_the_image(infer, size):
    maps = infer(noise(*size))
    assert {name: (values.shape, values.dtype) for name, values in maps.items()} == {
        'semseg': (size, np.int64), 'depth': (size, np.float32), 'normal': ((*size, 3), np.float32)}
    assert all(np.isfinite(values).all() for values in maps.values())
    assert 0 <= maps['semseg'].min() <= maps['semseg'].max() < 13
    np.testing.assert_allclose(np.linalg.norm(maps['normal'], axis=-1), 1, atol=1e-4)


def test_the_maps_are_those_of_the_model(weights):
    """The same by hand: normalise, run, resize, take the best class."""
    infer = MultiTaskInferencer(CONFIG, weights, size=None)
    image = noise(37, 53)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    batch = ((torch.from_numpy(image) / 255 - mean) / std).permute(2, 0, 1)[None]
    with torch.no_grad():
        logits = infer.model.decode_head(infer.model.backbone(batch))
    full = {name: torch.nn.functional.interpolate(values, (37, 53), mode='bilinear')[0]
            for name, values in logits.items()}
    maps = infer(image)
    np.testing.assert_allclose(maps['depth'], full['depth'][0], atol=1e-5)
    assert (maps['semseg'] == full['semseg'].argmax(0).numpy()).mean() > 0.999
    normal = torch.nn.functional.normalize(full['normal'], dim=0).permute(1, 2, 0)
    np.testing.assert_allclose(maps['normal'], normal, atol=1e-3)


def test_file_array_and_folder_agree(infer, tmp_path):
    images = {'b.png': noise(20, 30, 1), 'a.PNG': noise(33, 21, 2)}
    for name, image in images.items():
        write(tmp_path / name, image)
    (tmp_path / 'notes.txt').write_text('no image')
    found = infer(tmp_path)
    assert list(found) == ['a.PNG', 'b.png']
    for name, image in images.items():
        for maps in (infer(image), infer(tmp_path / name), infer(str(tmp_path / name))):
            for task, values in maps.items():
                np.testing.assert_array_equal(values, found[name][task])


def test_grey_and_transparent_files_are_taken_as_rgb(infer, tmp_path):
    image = noise(20, 30)
    grey = write(tmp_path / 'grey.png', image[..., 0])
    np.testing.assert_array_equal(infer(grey)['depth'], infer(image[..., [0, 0, 0]])['depth'])
    alpha = write(tmp_path / 'alpha.png', np.dstack([image, np.full((20, 30), 255, np.uint8)]))
    np.testing.assert_array_equal(infer(alpha)['depth'], infer(image)['depth'])
    half = np.full((20, 30), 255, np.uint8)
    half[:, 15:] = 0  # transparent: white
    alpha = write(tmp_path / 'alpha.png', np.dstack([image, half]))
    image[:, 15:] = 255
    np.testing.assert_array_equal(infer(alpha)['depth'], infer(image)['depth'])


def test_sheets_show_image_overlay_and_every_task(infer, tmp_path):
    image = noise(60, 90)
    infer(image, show_dir=tmp_path / 'new')
    sheet = np.asarray(Image.open(tmp_path / 'new' / 'array.png'))
    assert sheet.shape[1] == GAP + 5 * (90 + GAP) and sheet.shape[0] > GAP + 60 + LINE + GAP  # a legend below
    np.testing.assert_array_equal(sheet[GAP + LINE:GAP + LINE + 60, GAP:GAP + 90], image)


def test_sheets_replace_neither_images_nor_each_other(infer, tmp_path):
    for name in ('a.png', 'a.bmp'):
        write(tmp_path / name, noise(20, 30))
    before = (tmp_path / 'a.png').read_bytes()
    infer(tmp_path / 'a.png', show_dir=tmp_path)
    (tmp_path / 'a.png.png').unlink()
    infer(tmp_path, show_dir=tmp_path)
    assert (tmp_path / 'a.png').read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.bmp', 'a.bmp.png', 'a.png', 'a.png.png']


def test_the_checkpoint_decides_and_another_network_is_refused(infer, weights, tmp_path):
    image = noise(20, 30)
    again = MultiTaskInferencer(CONFIG, weights)(image)
    for task, values in infer(image).items():
        np.testing.assert_array_equal(values, again[task])
    state = torch.load(weights, weights_only=True)['state_dict']
    write_checkpoint({'state_dict': dict(list(state.items())[1:])}, tmp_path / 'less.pth')
    with pytest.raises(CheckpointError, match='less.pth: .*1 missing keys'):
        MultiTaskInferencer(CONFIG, tmp_path / 'less.pth')
    with pytest.raises(CheckpointError, match='gone.pth: no such checkpoint'):
        MultiTaskInferencer(CONFIG, tmp_path / 'gone.pth')


def test_what_cannot_be_predicted_is_named(infer, tmp_path):
    empty = tmp_path / 'empty'
    empty.mkdir()
    (empty / 'notes.txt').write_text('no image')
    (tmp_path / 'broken.jpg').write_bytes(b'\xff\xd8\xff')
    for path, match in ((empty, 'no image in this folder'), (tmp_path / 'gone.png', 'no such file'),
                        (tmp_path / 'broken.jpg', 'cannot be read')):
        with pytest.raises(DataError, match=match) as caught:
            infer(path)
        assert str(path) in str(caught.value) and '\n' not in str(caught.value)


def sizes_seen(infer: MultiTaskInferencer, *images: np.ndarray, **options) -> list[tuple[int, int]]:
    """(H, W) of what reaches the backbone."""
    sizes = []
    hook = infer.model.backbone.register_forward_pre_hook(lambda _, inputs: sizes.append(tuple(inputs[0].shape[2:])))
    try:
        for image in images:
            infer(image, **options)
    finally:
        hook.remove()
    return sizes


def assert_same(maps: dict[str, np.ndarray], others: dict[str, np.ndarray], tolerance: float = 1e-4) -> None:
    """Class maps that differ in hardly a pixel, other maps within a tolerance."""
    assert (maps['semseg'] == others['semseg']).mean() > 0.999
    np.testing.assert_allclose(maps['depth'], others['depth'], atol=tolerance)
    np.testing.assert_allclose(maps['normal'], others['normal'], atol=30 * tolerance)


@pytest.mark.parametrize('factor', [3, 5, 9])
def test_an_enlarged_image_has_the_same_maps(infer, factor):
    """With an odd factor the middle of every enlarged pixel is the middle of the pixel that it came from."""
    image = noise(96, 128)
    large = infer(image.repeat(factor, 0).repeat(factor, 1))
    middle = slice(factor // 2, None, factor)
    assert large['depth'].shape == (96 * factor, 128 * factor)
    assert_same({name: values[middle, middle] for name, values in large.items()}, infer(image))


@pytest.mark.parametrize('shape', [(1, 1), (7, 5), (96, 128), (128, 96), (600, 600), (300, 533), (240, 1000), (99, 9)])
def test_the_network_sees_the_area_that_it_was_trained_for(infer, shape):
    (seen,) = sizes_seen(infer, noise(*shape))
    assert abs(seen[0] * seen[1] / (96 * 128) - 1) < 0.02
    assert seen[0] / seen[1] == pytest.approx(shape[0] / shape[1], rel=0.02)


def test_fine_patterns_are_smoothed_not_taken_for_coarse_ones(infer):
    """One row in seven is white, and a seventh of the size samples just these: that is dark grey, not white."""
    stripes = np.zeros((672, 896, 3), np.uint8)
    stripes[3::7] = 255
    assert_same(infer(stripes), infer(np.full_like(stripes, 36)))


def test_the_size_can_be_chosen_or_left_alone(weights):
    image = noise(60, 50)
    assert sizes_seen(MultiTaskInferencer(CONFIG, weights, size=None), image) == [(60, 50)]
    assert sizes_seen(MultiTaskInferencer(CONFIG, weights, size=(30, 25)), image, image.repeat(2, 0).repeat(2, 1)) == [
        (30, 25), (30, 25)]
    for size in ((30,), (30, 0), 'large', 30):
        with pytest.raises(ConfigError, match=r"size must be 'trained', \(height, width\) in pixels or None"):
            MultiTaskInferencer(CONFIG, weights, size=size)


def test_a_recipe_without_a_size_says_that_nothing_is_resized(weights):
    config = load_config(CONFIG, {'trained_for': None})
    with pytest.warns(UserWarning, match='states no size that the network was trained for.*add trained_for'):
        infer = MultiTaskInferencer(config, weights)
    assert sizes_seen(infer, noise(60, 50)) == [(60, 50)]


def test_lists_tuples_and_generators_of_anything(infer, tmp_path):
    images = [noise(20, 30, 1), noise(33, 21, 2), noise(20, 30, 3)]
    path = write(tmp_path / 'a.png', images[1])
    mixed = [images[0], path, str(path), Image.fromarray(images[2])]
    expected = [infer(images[number]) for number in (0, 1, 1, 2)]
    for given in (mixed, tuple(mixed), (one for one in mixed)):
        found = infer(given)
        assert isinstance(found, list)
        for maps, others in zip(found, expected, strict=True):
            for task, values in maps.items():
                np.testing.assert_array_equal(values, others[task])
    backwards = infer(mixed[::-1])[::-1]
    for maps, others in zip(backwards, expected, strict=True):
        np.testing.assert_array_equal(maps['depth'], others['depth'])
    assert infer([]) == []


def test_a_sheet_per_image_of_a_list_whatever_their_names(infer, tmp_path):
    for folder in ('one', 'two'):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / 'a.png', noise(20, 30))
    infer([tmp_path / 'one' / 'a.png', tmp_path / 'two' / 'a.png', noise(20, 30)], show_dir=tmp_path / 'sheets')
    assert sorted(path.name for path in (tmp_path / 'sheets').iterdir()) == [
        '0-a.png.png', '1-a.png.png', '2-array.png']


@pytest.mark.parametrize(('given', 'match'), [
    (7, 'expected a path, a PIL image, an array or several of them, found int'),
    ([np.zeros((4, 5, 3), np.uint8), 7], '1-int: expected a path, a PIL image or an array, found int'),
    ([np.zeros((4, 5), np.uint8)], '0-array: expected an image H x W x 3, uint8 RGB, found'),
    (['gone.png'], 'gone.png: no such file')])
def test_what_is_no_image_is_named(infer, given, match):
    with pytest.raises(DataError, match=match):
        infer(given)


def camera(focal: float, height: int, width: int) -> np.ndarray:
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])


TRAINED = 64 / np.tan(np.radians(67.5 / 2))  # focal length of the recipe's rooms, pixels


def test_a_known_camera_is_brought_to_the_focal_length_trained_for(infer):
    """So what the lens sees, and how the image was cut, makes no difference; depth needs no correction then."""
    image = noise(96, 128)
    assert sizes_seen(infer, image, intrinsics=camera(TRAINED, 96, 128)) == [(96, 128)]
    assert sizes_seen(infer, image, intrinsics=camera(1.5 * TRAINED, 96, 128)) == [(64, 85)]
    large = image.repeat(3, 0).repeat(3, 1)
    assert sizes_seen(infer, large[:288, :192], intrinsics=camera(3 * TRAINED, 288, 192)) == [(96, 64)]
    assert_same(infer(image, intrinsics=camera(TRAINED, 96, 128)), infer(image))


@pytest.mark.parametrize(('focal', 'height'), [(10, 48), (0.1, 192)])
def test_beyond_the_limit_depth_is_corrected(infer, weights, focal, height):
    """At ten times the focal length the image is halved, and things still look 5 times as large as trained for."""
    image = noise(96, 128)
    maps = infer(image, intrinsics=camera(focal * TRAINED, 96, 128))
    assert sizes_seen(infer, image, intrinsics=camera(focal * TRAINED, 96, 128)) == [(height, height * 4 // 3)]
    plain = MultiTaskInferencer(CONFIG, weights, size=(height, height * 4 // 3))(image)
    np.testing.assert_allclose(maps['depth'], plain['depth'] * focal * height / 96, rtol=1e-4, atol=1e-6)
    for task in ('semseg', 'normal'):
        np.testing.assert_array_equal(maps[task], plain[task])


@pytest.mark.parametrize('size', [None, (192, 256), (48, 64)])
def test_depth_of_a_known_camera_at_any_size(weights, size):
    """The network sees things ``scale`` times as large as with the trained camera, so it takes them to be nearer."""
    image = noise(96, 128)
    infer = MultiTaskInferencer(CONFIG, weights, size=size)
    scale = size[0] / 96 if size else 1
    found = infer(image, intrinsics=camera(TRAINED, 96, 128))['depth']
    np.testing.assert_allclose(found, infer(image)['depth'] * scale, rtol=1e-4, atol=1e-6)


def test_intrinsics_per_image(infer, tmp_path):
    images = [noise(20, 30, 1), noise(20, 30, 2)]
    cameras = [camera(200, 20, 30), camera(15, 20, 30)]
    expected = [infer(image, intrinsics=one)['depth'] for image, one in zip(images, cameras, strict=True)]
    for image, name in zip(images, 'ab', strict=True):
        write(tmp_path / f'{name}.png', image)
    for found in (infer(images, intrinsics=cameras), infer(images, intrinsics=np.stack(cameras)),
                  list(infer(tmp_path, intrinsics=cameras).values())):
        for maps, depth in zip(found, expected, strict=True):
            np.testing.assert_array_equal(maps['depth'], depth)
    both = infer(images, intrinsics=cameras[0])
    np.testing.assert_array_equal(both[0]['depth'], expected[0])
    assert not np.allclose(both[1]['depth'], expected[1])


def test_intrinsics_that_cannot_be_used_are_refused(infer, weights):
    image = noise(20, 30)
    for given, match in ((camera(-5, 20, 30), 'array: focal lengths must be positive'),
                         (np.eye(4), 'array: expected intrinsics'),
                         ([camera(20, 20, 30)] * 2, '2 intrinsics for 1 images')):
        with pytest.raises(DataError, match=match):
            infer(image, intrinsics=given)
    config = load_config(CONFIG, {'trained_for': ConfigDict(size=(96, 128), field_of_view=None)})
    with pytest.raises(ConfigError, match='add trained_for.field_of_view'):
        MultiTaskInferencer(config, weights)(image, intrinsics=camera(20, 20, 30))


@pytest.mark.parametrize('image', [
    np.zeros((4, 5), np.uint8), np.zeros((4, 5, 4), np.uint8), np.zeros((4, 5, 3), np.float32),
    np.zeros((2, 4, 5, 3), np.uint8), np.zeros((0, 5, 3), np.uint8)])
def test_an_array_that_is_no_image_is_refused(infer, image):
    with pytest.raises(DataError, match='expected an image H x W x 3, uint8 RGB, found'):
        infer(image)
