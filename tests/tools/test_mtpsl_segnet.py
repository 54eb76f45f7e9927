"""The converter of MTPSL's SegNet: the published numbers come out of our model, and bad files end in one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden_fill import published_weights
from torch import nn

from mmmtl.errors import CheckpointError
from mmmtl.model_converters import mtpsl_segnet
from mmmtl.model_converters.conversion import convert_file
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'model_converters' / 'mtpsl_segnet.py'
GOLDEN = ROOT / 'tests' / 'golden'
TASKS = dict(semseg=13, depth=1, normal=3)


@pytest.fixture(scope='module')
def published() -> dict[str, torch.Tensor]:
    return published_weights('segnet_keys.json')


@pytest.fixture
def converter():
    return mtpsl_segnet


def convert(src: Path, dst: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    return subprocess.run([sys.executable, TOOL, src, dst], env=environment, capture_output=True, text=True)


class Model(nn.Module):
    """The parts under the names they have in the whole model."""

    def __init__(self):
        super().__init__()
        self.backbone = SegNet()
        told = self.backbone.out_channels, self.backbone.strides
        self.decode_head = nn.Module()
        self.decode_head.heads = nn.ModuleDict(
            {task: ConvHead(*told, channels, channels=64, norm=None, act=None) for task, channels in TASKS.items()}
        )


def assert_near(ours: torch.Tensor, reference: np.ndarray) -> None:
    reference = torch.from_numpy(reference)
    assert (ours - reference).abs().max() < 1e-4 * reference.std()


@torch.no_grad()
def test_our_model_gives_the_published_numbers(published, converter, capsys):
    model = Model()
    model.load_state_dict(converter.convert(published))
    model.eval()
    golden = np.load(GOLDEN / 'mtpsl_segnet_shared.npz')
    features = model.backbone(torch.from_numpy(golden['image']))
    logits = {task: head(features) for task, head in model.decode_head.heads.items()}
    assert_near(features[1], golden['encoder_feature'])
    assert_near(logits['semseg'].log_softmax(1), golden['semantic'])
    assert_near(logits['depth'], golden['depth'])
    assert_near(F.normalize(logits['normal'], dim=1), golden['normal'])
    assert 'omitted: logsigma' in capsys.readouterr().out


def test_the_model_of_two_tasks(published, converter):
    two = {key: value for key, value in published.items() if not key.startswith('pred_task3')}
    state_dict = converter.convert(two)
    assert not [key for key in state_dict if 'normal' in key]
    assert len(state_dict) == len(two) - 1


def test_command_line(published, tmp_path):
    src, dst = tmp_path / 'published.pth', tmp_path / 'ours.pth'
    torch.save(dict(model_state_dict=published, epoch=200), src)
    done = convert(src, dst)
    assert (done.returncode, done.stderr) == (0, '')
    assert 'omitted: logsigma' in done.stdout
    checkpoint = torch.load(dst, weights_only=True)
    assert set(checkpoint) == {'state_dict', 'meta'}
    assert all(type(value) is str for value in checkpoint['meta'].values())
    Model().load_state_dict(checkpoint['state_dict'])
    assert sorted(tmp_path.iterdir()) == [dst, src]


class Marker:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def assert_refused(src: Path, dst: Path) -> str:
    """One line, no file; the line is returned."""
    before = sorted(dst.parent.iterdir())
    done = convert(src, dst)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert sorted(dst.parent.iterdir()) == before
    return done.stderr


def test_a_malicious_file_is_an_error(tmp_path):
    src, marker = tmp_path / 'hostile.pth', tmp_path / 'marker'
    torch.save(dict(state_dict=dict(weight=torch.zeros(1)), args=Marker(marker)), src)
    assert 'save its state_dict alone' in assert_refused(src, tmp_path / 'ours.pth')
    assert not marker.exists()
    torch.load(src, weights_only=False)
    assert marker.exists()  # it was a real threat


def test_no_checkpoint_at_all(tmp_path):
    src = tmp_path / 'text.pth'
    src.write_text('not a checkpoint')
    assert 'not a checkpoint' in assert_refused(src, tmp_path / 'ours.pth')


def bad(published: dict, change: str) -> object:
    match change:
        case 'missing':
            return {key: value for key, value in published.items() if key != 'decoder_block.3.1.bias'}
        case 'no classifier':
            return {key: value for key, value in published.items() if key != 'pred_task1.1.weight'}
        case 'unknown':
            return published | {'attention.weight': torch.zeros(1)}
        case 'twice':
            return published | {'conv_block_enc.0.0.0.weight': torch.zeros(1)}
        case 'shape':
            return published | {'pred_task2.1.weight': torch.zeros(2, 64, 1, 1)}
        case 'number':
            return published | {'epoch': 3}
        case 'list':
            return [1, 2]
        case 'empty':
            return {}


@pytest.mark.parametrize(
    ('change', 'line'),
    [
        ('missing', 'missing backbone.decoder.3.0.1.bias'),
        ('no classifier', 'pred_task1.1.weight, the semantic classifier, is missing'),
        ('unknown', "'attention.weight', one of 1 unknown keys"),
        ('twice', "'conv_block_enc.0.0.0.weight', one of 1 unknown keys"),
        ('shape', 'decode_head.heads.depth.classifier.weight must have shape (1, 64, 1, 1), but has (2, 64, 1, 1)'),
        ('number', "'epoch' is a int"),
        ('list', 'contains no state dict'),
        ('empty', 'contains no state dict'),
    ],
)
def test_not_the_published_layout(change, line, published, converter, tmp_path):
    src, dst = tmp_path / 'published.pth', tmp_path / 'ours.pth'
    torch.save(bad(published, change), src)
    with pytest.raises(CheckpointError, match=re.escape(line)):
        convert_file(src, dst, converter.convert, 'mtpsl-segnet')
    assert not dst.exists()


def test_where_it_cannot_write(published, converter, tmp_path):
    src = tmp_path / 'published.pth'
    torch.save(published, src)
    before = src.read_bytes()
    folder = tmp_path / 'folder'
    folder.mkdir()
    for dst, line in (
        (src, 'SRC and DST are the same file'),
        (tmp_path / 'absent' / 'ours.pth', 'the folder .* does not exist'),
        (src / 'ours.pth', 'the folder .* does not exist'),
        (folder, 'cannot write'),
    ):
        with pytest.raises(CheckpointError, match=line):
            convert_file(src, dst, converter.convert, 'mtpsl-segnet')
    assert src.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [folder, src]
