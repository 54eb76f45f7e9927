"""A separate package outside the checkout adds a loss and a decoder, and compares them with a recipe in a table."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.check

FILES = {
    'pyproject.toml': """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "attic"
version = "0.1"

[tool.setuptools]
packages = ["attic"]
""",
    'attic/__init__.py': '''
"""A loss and a decoder; importing the package registers them."""

from attic.pyramid_decoder import PyramidDecoder
from attic.relative_error import RelativeError

__all__ = ['PyramidDecoder', 'RelativeError']
''',
    'attic/relative_error.py': '''
"""A loss for depth."""

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses import PixelLoss


@LOSSES.register_module()
class RelativeError(PixelLoss):
    """|p - g| / g."""

    spaces = frozenset({'positive'})

    def error(self, prediction, truth, valid):
        return ((prediction - truth).abs() / truth.clamp(min=1e-3)).sum(1)
''',
    'attic/pyramid_decoder.py': '''
"""A decoder for all tasks."""

import torch.nn.functional as F
from mmmtl.models import DecodeHead, HeadOutput
from mmmtl.registry import MODELS
from torch import nn


@MODELS.register_module()
class PyramidDecoder(DecodeHead):
    """Add the feature maps from coarse to fine, and classify each task by two convolutions."""

    def __init__(self, tasks, in_channels, strides, *, channels=32):
        super().__init__(tasks, in_channels, strides)
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.outputs = nn.ModuleDict({
            name: nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(),
                                nn.Conv2d(channels, task.channels, 1))
            for name, task in tasks.items()
        })

    def forward(self, features, context):
        joint = None
        for lateral, feature in zip(reversed(self.lateral), reversed(features), strict=True):
            feature = lateral(feature)
            joint = feature if joint is None else feature + F.interpolate(joint, feature.shape[2:], mode='bilinear')
        return HeadOutput({name: output(joint) for name, output in self.outputs.items()})
''',
    'check_parts.py': """
import torch
from attic import PyramidDecoder
from mmmtl.tasks import Depth
from mmmtl.testing import check_decode_head, check_task

check_decode_head(PyramidDecoder)
check_task(Depth('depth', loss=dict(type='mmmtl.RelativeError')),
           lambda images, size: 0.5 + torch.rand(images, 1, *size))
print('the parts fit')
""",
    'configs/base.py': """
from mmengine.config import read_base

with read_base():
    from mmmtl.configs.baseline.aspp_resnet18_b8_2e_rooms_full import *

custom_imports = dict(imports=['attic'])
protocol = None
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(num_workers=0)
    _loader['dataset'].update(scenes=24, size=(48, 64))
""",
    'configs/table.py': """
_own = {
    'tasks.depth.loss.type': 'mmmtl.RelativeError',
    'model.decode_head': dict(type='mmmtl.PyramidDecoder', channels=24, _delete_=True),
}
rows = {'baseline': ('base.py',), 'own': ('base.py', _own)}
""",
}  # fmt: skip

INSTALL = """
python -m pip install --quiet --editable .
python check_parts.py
mmmtl table --list configs
mmmtl print-config configs/table.py::own
"""
TABLE = 'mmmtl table configs/table.py --seeds 0 --out table.md'
PREDICT = """
mmmtl predict room.png --model configs/table.py::own --checkpoint work_dirs/configs_table/own/seed_0/epoch_2.pth
"""


def test_a_loss_and_a_decoder_in_a_table(environment, shell, folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.lstrip('\n'))
    printed = shell(INSTALL)
    assert 'the parts fit' in printed
    assert 'configs/table.py::baseline\nconfigs/table.py::own' in printed
    assert 'PyramidDecoder' in printed and 'RelativeError' in printed
    table = shell(TABLE)
    assert (folder / 'table.md').read_text() in table
    rows = [line for line in (folder / 'table.md').read_text().splitlines() if 'baseline' in line or 'own' in line]
    assert len(rows) == 2
    for row in ('baseline', 'own'):
        content = json.loads((folder / 'work_dirs' / 'configs_table' / row / 'seed_0' / 'metrics.json').read_text())
        scores = content['scores']['trained network']
        assert 'depth/abs_rel' in content['compared'] and None not in map(scores.get, content['compared']), scores
    room = next(environment.cache.rglob('0_image.png'))
    (folder / 'room.png').write_bytes(room.read_bytes())
    shell(PREDICT)
    assert np.isfinite(np.load(folder / 'predictions' / 'room.png.depth.npy')).all()
