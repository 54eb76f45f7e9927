"""A trained model is used where the weights that it began with cannot be had."""

import pytest
import torch
from mmengine.config import ConfigDict

from mmmtl.apis import init_model, load_config
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.errors import CheckpointError
from mmmtl.models.backbones import ResizedInput, TimmBackbone
from mmmtl.models.backbones.packaged_weights import PackagedWeights
from mmmtl.registry import MODELS

NAME = 'tf_efficientnet_lite0'


@pytest.mark.parametrize('kind', [dict, ConfigDict])
def test_only_weights_are_left_out(kind):
    inner = kind(type=TimmBackbone, model_name=NAME, pretrained=True, checkpoint='a.pth', out_indices=(1, 2))
    config = kind(
        backbone=kind(type=ResizedInput, backbone=inner, size=(8, 8)), steps=[kind(type='unknown', pretrained=True)]
    )
    bare = without_pretrained(config)
    expected = dict(type=TimmBackbone, model_name=NAME, pretrained=False, checkpoint=None, out_indices=(1, 2))
    assert bare['backbone'] == dict(type=ResizedInput, backbone=expected, size=(8, 8))
    assert bare['steps'] == [dict(type='unknown', pretrained=True)]
    assert inner['pretrained'] is True and inner['checkpoint'] == 'a.pth'  # the config itself stays


def test_a_checkpoint_replaces_the_weights_package(tmp_path, monkeypatch):
    monkeypatch.setattr(PackagedWeights, 'is_installed', False)
    path, file = tmp_path / 'mine.py', tmp_path / 'mine.pth'
    path.write_text(
        "tasks = dict(depth=dict(type='mmmtl.Depth'))\n"
        'trained_for = None\n'
        "model = dict(type='mmmtl.MultiTaskModel', tasks=tasks,\n"
        f"    backbone=dict(type='mmmtl.TimmBackbone', model_name={NAME!r}, pretrained=True, out_indices=(1, 2)),\n"
        "    decode_head=dict(type='mmmtl.FPNHead', channels=4),\n"
        "    data_preprocessor=dict(type='mmmtl.ViewPreprocessor', mean=(0.5,) * 3, std=(0.5,) * 3))\n"
    )
    with pytest.raises(CheckpointError, match='pip install'):
        init_model(path)
    whole = MODELS.build(without_pretrained(load_config(path).model))
    write_checkpoint({'state_dict': whole.state_dict()}, file)
    loaded = init_model(path, file).state_dict()
    assert all(torch.equal(value, loaded[key]) for key, value in whole.state_dict().items())
