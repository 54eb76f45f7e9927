"""The converter of UniMatch weights: every published key has its place, and what does not fit ends in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from golden_fill import published_weights

from mmmtl.errors import CheckpointError
from mmmtl.model_converters import unimatch
from mmmtl.models.necks import CrossViewModule

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'model_converters' / 'unimatch.py'


@pytest.fixture(scope='module')
def published() -> dict[str, torch.Tensor]:
    return published_weights('unimatch_multiview_keys.json')


@pytest.fixture
def converter():
    return unimatch


def convert(src: Path, dst: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    return subprocess.run([sys.executable, TOOL, src, dst], env=environment, capture_output=True, text=True)


def test_every_published_key_has_one_place(published, converter):
    assert len({converter.unimatch_key(key) for key in published}) == len(published)
    assert {converter.unimatch_key(key) for key in published} == set(CrossViewModule((8,), (8,)).state_dict())


@pytest.mark.parametrize('prefix', ['', 'module.', 'encoder.backbone.'])
def test_prefixes_and_other_parts(published, converter, capsys, prefix):
    whole = {prefix + key: value for key, value in published.items()}
    whole['upsampler.0.weight'] = torch.zeros(2)
    converted = converter.convert(whole)
    weight = published['transformer.layers.3.cross_attn_ffn.mlp.2.weight']
    assert torch.equal(converted['transformer.blocks.3.reduce.weight'], weight)
    assert torch.equal(
        converted['spatial_encoder.stages.4.shortcut.bias'], published['backbone.layer3.0.downsample.0.bias']
    )
    assert capsys.readouterr().out == 'omitted: upsampler.0\n'


def test_what_does_not_fit(published, converter):
    with pytest.raises(CheckpointError, match=r'missing spatial_encoder\.stem\.weight'):
        converter.convert({k: v for k, v in published.items() if k != 'backbone.conv1.weight'})
    with pytest.raises(CheckpointError, match='must have shape'):
        converter.convert(published | {'backbone.conv1.weight': torch.zeros(64, 3, 3, 3)})
    with pytest.raises(CheckpointError, match='two published keys'):
        converter.convert(published | {'module.backbone.conv1.weight': torch.zeros(64, 3, 7, 7)})


def test_the_command_initialises_a_neck(published, tmp_path):
    torch.save({'state_dict': published}, tmp_path / 'published.pth')
    done = convert(tmp_path / 'published.pth', tmp_path / 'ours.pth')
    assert done.returncode == 0, done.stderr
    neck = CrossViewModule((8,), (8,), init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'ours.pth')))
    neck.init_weights()
    assert torch.equal(neck.spatial_encoder.stem.weight, published['backbone.conv1.weight'])
    query = neck.transformer.blocks[5].self_attention.query.weight
    assert torch.equal(query, published['transformer.layers.5.self_attn.q_proj.weight'])


def test_a_malicious_file_is_an_error_in_one_line(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path(tmp_path / 'harm').touch, ())

    torch.save({'state_dict': Hostile()}, tmp_path / 'published.pth')
    done = convert(tmp_path / 'published.pth', tmp_path / 'ours.pth')
    assert done.returncode == 2 and done.stderr.count('\n') == 1
    assert not (tmp_path / 'harm').exists() and not (tmp_path / 'ours.pth').exists()
