"""MMSegBackbone: what it tells is what it gives, and asking leaves no trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import MMSegBackbone

RESNET = dict(type='mmseg.ResNet', depth=18, base_channels=8, stem_channels=8)


class Toy(BaseModule):
    """Gives its maps coarse to fine, or a single one, or no map at all."""

    def __init__(self, gives: str):
        super().__init__()
        self.gives = gives
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images):
        x = self.norm(images)
        single = {'single': x[..., ::4, ::4], 'vector': x.mean((2, 3))}
        return single.get(self.gives, [x[..., ::8, ::8].repeat(1, 2, 1, 1), x[..., ::2, ::2]])


@pytest.mark.parametrize(
    'config',
    [
        RESNET,
        dict(RESNET, type='ResNet', strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)),
        dict(type='mmseg.MixVisionTransformer', embed_dims=8, num_layers=[1, 1, 1, 1]),
        dict(type='mmseg.FastSCNN'),  # its own order is 1/8, 1/32, 1/8
        dict(type='mmseg.UNet', base_channels=4),  # finds its own upsampling by the scope of mmseg
    ],
    ids=lambda config: config['type'],
)
def test_maps_have_the_declared_channels_and_strides(config):
    backbone = MMSegBackbone(config).eval()
    maps = backbone(torch.randn(2, 3, 64, 96))
    assert [x.shape for x in maps] == [
        (2, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.out_channels, backbone.strides, strict=True)
    ]
    assert list(backbone.strides) == sorted(backbone.strides)


def test_takes_a_class_and_sorts_its_maps():
    backbone = MMSegBackbone(dict(type=Toy, gives='coarse to fine'))
    assert (backbone.out_channels, backbone.strides) == ((3, 6), (2, 8))
    assert [x.shape[1] for x in backbone(torch.randn(1, 3, 16, 16))] == [3, 6]
    assert MMSegBackbone(dict(type=Toy, gives='single')).strides == (4,)


def test_backbones_without_feature_maps_are_errors():
    with pytest.raises(ConfigError, match=r'Toy must return maps .* but returned \[\(1, 3\)\]'):
        MMSegBackbone(dict(type=Toy, gives='vector'))


def test_asking_leaves_mode_and_statistics():
    backbone = MMSegBackbone(dict(RESNET, frozen_stages=1)).backbone
    assert backbone.training and backbone.layer4.training and not backbone.layer1.training
    norms = [module for module in backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        assert norm.num_batches_tracked == 0 and norm.running_mean.abs().sum() == 0 and (norm.running_var == 1).all()


def test_every_parameter_gets_a_gradient():
    backbone = MMSegBackbone(RESNET)
    sum(x.square().sum() for x in backbone(torch.randn(2, 3, 64, 64))).backward()
    assert not [name for name, p in backbone.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_mmseg_is_not_imported_before_it_is_needed():
    code = 'import sys, mmmtl.models.backbones; print("mmseg" in sys.modules)'
    environment = os.environ | {'PYTHONPATH': str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'False'
