"""Colours of pretrained weights: a model that normalises otherwise cannot be built."""

import pytest
import timm
import torch

from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import ResizedInput, TimmBackbone
from mmmtl.models.colours import Colours
from mmmtl.models.decode_heads import FPNHead
from mmmtl.tasks import Depth

HALF = dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
NAME = 'tf_efficientnet_lite0'
IMAGENET = 'test_resnet'


@pytest.fixture
def weights(tmp_path) -> dict[str, str]:
    """A file of weights for each model, in timm's layout."""
    files = {name: str(tmp_path / f'{name}.pth') for name in (NAME, IMAGENET)}
    for name, file in files.items():
        torch.save(timm.create_model(name).state_dict(), file)
    return files


def model(backbone: dict, **preprocessor) -> MultiTaskModel:
    return MultiTaskModel(
        dict(depth=dict(type=Depth)),
        backbone,
        dict(type=FPNHead, channels=4),
        data_preprocessor=dict(type=ViewPreprocessor, **preprocessor),
    )


def test_wrong_colours_are_one_line_that_gives_the_right_ones(weights):
    backbone = dict(type=TimmBackbone, model_name=NAME, checkpoint=weights[NAME])
    with pytest.raises(ConfigError) as caught:
        model(backbone)
    message = str(caught.value)
    assert message.startswith("model.data_preprocessor: 'tf_efficientnet_lite0' was trained with colours of mean ")
    assert 'found mean (0.485, 0.456, 0.406) and std (0.229, 0.224, 0.225)' in message
    assert message.endswith('set mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)') and '\n' not in message
    model(backbone, **HALF)


def test_each_model_requires_its_own_normalization(weights):
    backbone = dict(type=TimmBackbone, model_name=IMAGENET, checkpoint=weights[IMAGENET])
    wanted = timm.get_pretrained_cfg(IMAGENET)
    model(backbone, mean=wanted.mean, std=wanted.std)
    with pytest.raises(ConfigError, match=IMAGENET):
        model(backbone, mean=wanted.mean, std=(1.0, 1.0, 1.0))


def test_a_wrapped_backbone_is_seen_too(weights):
    inner = dict(type=TimmBackbone, model_name=NAME, checkpoint=weights[NAME])
    with pytest.raises(ConfigError, match='was trained with colours'):
        model(dict(type=ResizedInput, size=(32, 32), backbone=inner))


def test_weights_from_nothing_take_any_colours(weights):
    model(dict(type=TimmBackbone, model_name=NAME))
    model(dict(type=TimmBackbone, model_name=NAME, checkpoint=weights[NAME], check_colours=False))


def test_rounded_means_are_the_same_colours():
    colours = Colours((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 'x')
    assert not colours.differ_from([value / 255 for value in (123.675, 116.28, 103.53)], (58 / 255, 57 / 255, 57 / 255))
    assert colours.differ_from((0.406, 0.456, 0.485), (0.225, 0.224, 0.229))  # BGR
    assert colours.differ_from((0.485, 0.456, 0.406), (1, 1, 1))
