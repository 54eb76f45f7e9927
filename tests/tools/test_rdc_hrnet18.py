"""The converter of region contrast's HRNet: the published numbers come out of our model, and bad files are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import published_weights

from mmmtl.apis import load_config
from mmmtl.errors import CheckpointError
from mmmtl.model_converters import rdc_hrnet18
from mmmtl.model_converters.conversion import convert_file
from mmmtl.registry import MODELS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / 'tests' / 'golden'
CONFIG = ROOT / 'configs' / 'region_contrast' / 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'


@pytest.fixture(scope='module')
def published() -> dict[str, torch.Tensor]:
    return published_weights('rdc_hrnet18_keys.json')


@pytest.fixture
def convert():
    """Run the tool in this process on a checkpoint; what it wrote, or the line that it ended with."""

    def run(content, folder: Path) -> dict | str:
        torch.save(content, folder / 'published.pth')
        try:
            convert_file(folder / 'published.pth', folder / 'ours.pth', rdc_hrnet18.convert, 'rdc-hrnet18')
        except CheckpointError as error:
            assert not (folder / 'ours.pth').exists()
            return str(error)
        return torch.load(folder / 'ours.pth', weights_only=True)

    return run


@torch.no_grad()
def test_our_model_gives_the_published_numbers(published, convert, tmp_path):
    model = MODELS.build(load_config(CONFIG).model)
    model.load_state_dict(convert(dict(state_dict=published), tmp_path)['state_dict'])
    model.eval()
    golden = np.load(GOLDEN / 'rdc_shared.npz')
    image = torch.from_numpy(golden['image'])
    logits = model(image)
    joined = model.decode_head.join(model.backbone(image))
    for ours, name in (
        (joined, 'feature'),
        (logits['semseg'], 'semantic'),
        (logits['depth'], 'depth'),
        (logits['normal'], 'normal'),
    ):
        reference = torch.from_numpy(golden[name])
        assert (ours - reference).abs().max() < 1e-4 * reference.std()


def test_the_model_of_two_tasks(published, convert, tmp_path):
    two = {key: value for key, value in published.items() if not key.startswith('normal')}
    state_dict = convert(two, tmp_path)['state_dict']
    assert len(state_dict) == len(two) and not [key for key in state_dict if 'normal' in key]


@pytest.mark.parametrize(
    ('change', 'line'),
    [
        (lambda keys: keys | {'backbone.conv9.weight': torch.zeros(1)}, 'unknown backbone.backbone.conv9.weight'),
        (lambda keys: keys | {'attention.weight': torch.zeros(1)}, "'attention.weight', one of 1 unknown keys"),
        (
            lambda keys: {key: value for key, value in keys.items() if key != 'backbone.bn1.bias'},
            'missing backbone.back',
        ),
        (lambda keys: {key: value for key, value in keys.items() if 'semseg' not in key}, 'the semantic classifier'),
        (lambda keys: keys | {'depth_head.last_layer.3.weight': torch.zeros(2, 270, 1, 1)}, 'must have shape (1, 270'),
        (lambda keys: [1], 'contains no state dict'),
        (lambda keys: dict(keys, hostile=print), 'refused, it holds more than'),
    ],
)
def test_not_the_published_layout(published, convert, tmp_path, change, line):
    said = convert(change(published), tmp_path)
    assert line in said and '\n' not in said
