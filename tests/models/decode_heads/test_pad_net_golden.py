"""PAD-Net on HRNet-w18: our model reproduces the published predictions, gradients and parameter counts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import noise, published_weights
from mmengine.config import Config
from torch import Tensor

from mmmtl.model_converters import pad_net
from mmmtl.model_converters.published_tasks import placeholder_tasks
from mmmtl.model_converters.rdc_hrnet18 import SMALL
from mmmtl.models import MultiTaskModel
from mmmtl.models.decode_heads import PADNetHead
from mmmtl.tasks import Depth, Normal, SemSeg

GOLDEN = Path(__file__).parents[2] / 'golden'
TASKS = dict(
    semseg=dict(type=SemSeg, classes=[str(i) for i in range(5)]), depth=dict(type=Depth), normal=dict(type=Normal)
)
PUBLISHED = dict(semseg='semseg', depth='depth', normal='normals')
HRNET_W18 = dict(in_channels=(18, 36, 72, 144), strides=(4, 8, 16, 32))


@pytest.fixture(scope='module')
def published() -> dict[str, Tensor]:
    return published_weights('padnet_shared_keys.json')


@pytest.fixture(scope='module')
def model(published) -> MultiTaskModel:
    backbone = dict(
        type='mmmtl.MMSegBackbone', backbone=dict(type='mmseg.HRNet', extra=SMALL, norm_cfg=dict(type='BN'))
    )
    head = dict(type='mmmtl.PADNetHead', auxiliary=('normal',))
    model = MultiTaskModel(TASKS, Config(backbone), head)
    model.load_state_dict(pad_net.convert(published))
    return model.eval()


def assert_close(ours: Tensor, name: str, tolerance: float = 1e-4) -> None:
    reference = torch.from_numpy(np.load(GOLDEN / 'padnet_shared.npz')[name])
    difference = (ours.detach() - reference).abs().max() / reference.std()
    assert ours.shape == reference.shape and difference < tolerance, f'{name}: {difference}'


def test_the_decoder_gives_the_published_numbers(model):
    head: PADNetHead = model.decode_head
    fused = torch.from_numpy(noise('padnet/feature', (2, 270, 8, 12))).requires_grad_()
    own = {name: blocks(fused) for name, blocks in head.initial.items()}
    distilled = head.distillation(own)
    logits = head.decode(fused).logits
    total = torch.zeros(())
    for name, theirs in PUBLISHED.items():
        assert_close(own[name].mean(1), f'initial_feature_mean_{theirs}')
        assert_close(head.initial_logits[name](own[name]), f'initial_{theirs}')
        if name != 'normal':
            assert_close(distilled[name].mean(1), f'distilled_mean_{theirs}')
            assert_close(logits[name], f'logits_{theirs}')
            cotangent = noise(f'padnet/cotangent_{theirs}', tuple(logits[name].shape))
            total = total + (torch.from_numpy(cotangent) * logits[name]).sum()
    total.backward()
    assert_close(fused.grad.mean(1), 'grad_feature_mean')


@torch.no_grad()
def test_the_whole_network_gives_the_published_numbers(model):
    logits = model(torch.from_numpy(noise('padnet/image', (1, 3, 64, 96))))
    for name in ('semseg', 'depth'):
        assert_close(logits[name][:, :, ::4, ::4], f'image_{name}', 5e-3)  # HRNet amplifies rounding here


@pytest.mark.parametrize(
    ('tasks', 'auxiliary', 'expected'),
    [
        (dict(semseg=40, depth=1, normal=3, edge=1), (), 15_587_418),  # NYUD
        (dict(semseg=21, human_parts=7, saliency=2, edge=1, normal=3), (), 25_371_076),  # PASCAL
        (dict(semseg=40, depth=1), (), 3_084_626),
    ],
)
def test_published_numbers_of_parameters(tasks, auxiliary, expected):
    with torch.device('meta'):
        built = PADNetHead(placeholder_tasks(tasks), **HRNET_W18, auxiliary=auxiliary)
    fuse = sum(parameter.numel() for parameter in built.fuse.parameters())
    assert fuse == 73_710 and sum(parameter.numel() for parameter in built.parameters()) - fuse == expected
