"""An image of any size in, one map per task of that size out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from noise_images import noise, write
from PIL import Image

from mmmtl.apis import MultiTaskInferencer
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.errors import CheckpointError, DataError
from mmmtl.visualization import draw_sheet

CONFIG = next((Path(__file__).parents[2] / 'configs' / 'baseline').glob('aspp_resnet18_*_rooms_full.py'))


@pytest.mark.parametrize('size', [(37, 53), (1, 1), (5, 300), (128, 160)])
def test_maps_have_the_size_of_the_image(infer, size):
    maps = infer(noise(*size))
    assert {name: (values.shape, values.dtype) for name, values in maps.items()} == {
        'semseg': (size, np.int64),
        'depth': (size, np.float32),
        'normal': ((*size, 3), np.float32),
    }
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
        logits = infer.model.decode_head(infer.model.backbone(batch), infer.model.context(batch)).logits
    full = {
        name: torch.nn.functional.interpolate(values, (37, 53), mode='bilinear')[0] for name, values in logits.items()
    }
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
    maps = infer(image, show_dir=tmp_path / 'new')
    sheet = np.asarray(Image.open(tmp_path / 'new' / 'array.sheet.png'))
    shown = {
        name: torch.from_numpy(values[None] if values.ndim == 2 else values.transpose(2, 0, 1).copy())
        for name, values in maps.items()
    }
    np.testing.assert_array_equal(sheet, draw_sheet(image, infer.model.tasks, {'prediction': shown}))


def test_sheets_replace_neither_images_nor_each_other(infer, tmp_path):
    for name in ('a.png', 'a.bmp'):
        write(tmp_path / name, noise(20, 30))
    before = (tmp_path / 'a.png').read_bytes()
    infer(tmp_path / 'a.png', show_dir=tmp_path)
    (tmp_path / 'a.png.sheet.png').unlink()
    infer(tmp_path, show_dir=tmp_path)
    assert (tmp_path / 'a.png').read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.bmp', 'a.bmp.sheet.png', 'a.png', 'a.png.sheet.png']


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
    for path, match in (
        (empty, 'no image in this folder'),
        (tmp_path / 'gone.png', 'no such file'),
        (tmp_path / 'broken.jpg', 'cannot be read'),
    ):
        with pytest.raises(DataError, match=match) as caught:
            infer(path)
        assert str(path) in str(caught.value) and '\n' not in str(caught.value)
