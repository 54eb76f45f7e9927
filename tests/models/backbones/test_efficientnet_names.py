"""EfficientNet-Lite's weights under the names of efficientnet_pytorch: the same network, to the logit."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from golden_fill import noise
from skimage import data
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import read_state_dict
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.backbones.efficientnet_names import timm_names
from mmmtl.models.backbones.packaged_weights import PACKAGED

NAME = 'tf_efficientnet_lite0'
CAT = 285  # ImageNet's Egyptian cat

# Of `noise('image', (1, 3, 64, 64))`: the means of the five maps, and the first five logits.
FROZEN = {
    'tf_efficientnet_lite0': (
        (0.437521, -0.243691, -1.355755, -0.415127, -0.118761),
        (-1.4135, 0.5949, -0.4652, -0.3188, 0.59),
    ),
    'tf_efficientnet_lite1': (
        (-0.405448, 3.202447, 0.69147, 0.006101, -0.057381),
        (-2.4331, 0.2357, 0.2049, 1.9139, 0.1139),
    ),
    'tf_efficientnet_lite2': (
        (0.787163, -0.82157, -0.025385, -0.452872, -0.090749),
        (-1.3909, -0.5009, -0.4171, -1.2829, -0.1994),
    ),
}


def installed(name: str) -> Path:
    if not PACKAGED[name].is_installed:
        pytest.skip("optional extra: pip install 'mmmtl[pretrained]'")
    return PACKAGED[name].find(name)


def logits(maps: tuple[Tensor, ...], entries: dict[str, Tensor]) -> Tensor:
    """The classifier of the file on the coarsest map."""
    norm = (entries[f'_bn1.{name}'] for name in ('running_mean', 'running_var', 'weight', 'bias'))
    x = F.batch_norm(F.conv2d(maps[-1], entries['_conv_head.weight']), *norm, eps=1e-3)
    return F.linear(F.relu6(x).mean((2, 3)), entries['_fc.weight'], entries['_fc.bias'])


@pytest.mark.parametrize('name', PACKAGED)
@torch.no_grad()
def test_frozen_logits_and_a_cat(name):
    entries = read_state_dict(installed(name))
    backbone = TimmBackbone(name, pretrained=True).eval()
    maps = backbone(torch.from_numpy(noise('image', (1, 3, 64, 64))))
    means, classes = FROZEN[name]
    torch.testing.assert_close(torch.stack([x.mean() for x in maps]), torch.tensor(means), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits(maps, entries)[0, :5], torch.tensor(classes), rtol=1e-3, atol=1e-3)
    photo = torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None] / 255
    photo = F.interpolate(photo, (224, 336), mode='bilinear', antialias=True)
    assert logits(backbone((photo - 0.5) / 0.5), entries).argmax() == CAT


def test_the_same_file_from_anywhere(tmp_path):
    path = tmp_path / 'mine.pth'
    path.write_bytes(installed(NAME).read_bytes())
    loaded, packaged = TimmBackbone(NAME, checkpoint=str(path)), TimmBackbone(NAME, pretrained=True)
    assert loaded.colours == packaged.colours and loaded.colours.mean == (0.5, 0.5, 0.5)
    theirs = packaged.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in loaded.state_dict().items())


DEPTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks in each stage of EfficientNet-B0 and Lite0
FIRST = dict(conv_dw='_depthwise_conv', bn1='_bn1', conv_pw='_project_conv', bn2='_bn2')
LATER = dict(
    conv_pw='_expand_conv', bn1='_bn0', conv_dw='_depthwise_conv', bn2='_bn1', conv_pwl='_project_conv', bn3='_bn2'
)


@pytest.fixture
def values() -> dict[str, Tensor]:
    """What a file may hold, under timm's names: every value another than a new model has."""
    torch.manual_seed(1)
    own = TimmBackbone(NAME).model.state_dict()
    return {key: torch.rand_like(value) if value.is_floating_point() else value for key, value in own.items()}


@pytest.fixture
def published(values) -> dict[str, Tensor]:
    """The same values as efficientnet_pytorch names them, written out by hand, in random order."""
    layers = {'conv_stem': '_conv_stem', 'bn1': '_bn0'}
    blocks = [(stage, block) for stage, depth in enumerate(DEPTHS) for block in range(depth)]
    for number, (stage, block) in enumerate(blocks):
        for ours, theirs in (LATER if number else FIRST).items():
            layers[f'blocks.{stage}.{block}.{ours}'] = f'_blocks.{number}.{theirs}'
    entries = {}
    for key, value in values.items():
        layer, _, entry = key.rpartition('.')
        entries[f'{layers[layer]}.{entry}'] = value
    keys = list(entries)
    shuffled = {keys[place]: entries[keys[place]] for place in torch.randperm(len(keys)).tolist()}
    return shuffled | {'_fc.weight': torch.zeros(1000, 1280)}


def test_names_not_order(published, values, tmp_path):
    torch.save(published, tmp_path / 'weights.pth')
    loaded = TimmBackbone(NAME, checkpoint=str(tmp_path / 'weights.pth')).model.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in values.items())


def test_half_of_the_weights(published, tmp_path):
    path = tmp_path / 'weights.pth'
    torch.save({key: value for key, value in published.items() if not re.match(r'_blocks\.([89]|1\d)\.', key)}, path)
    with pytest.raises(CheckpointError) as caught:
        TimmBackbone(NAME, checkpoint=str(path))
    message = str(caught.value)
    assert f'{path}: does not fit {NAME!r}: ' in message and 'not filled: blocks.4.' in message
    assert 'at least 100 % are required' in message and '\n' not in message


def test_what_the_model_lacks_is_refused(published, tmp_path):
    torch.save(published | {'_blocks.99._bn0.weight': torch.zeros(1)}, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match=r'_blocks\.99\._bn0\.weight'):
        TimmBackbone(NAME, checkpoint=str(tmp_path / 'weights.pth'))


def test_a_model_that_pads_otherwise_does_not_take_them(published, tmp_path):
    torch.save(published, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match='efficientnet_lite0'):
        TimmBackbone('efficientnet_lite0', checkpoint=str(tmp_path / 'weights.pth'))


def test_names_of_timm_stay():
    found = {'conv_stem.weight': torch.zeros(1), 'conv_head.weight': torch.zeros(1), 'mine': torch.zeros(1)}
    assert set(timm_names(found, found)) == {'conv_stem.weight', 'mine'}
