"""MTI-Net on HRNet-w18: our model reproduces the published predictions, gradients and parameter counts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import noise, published_weights
from mmengine.config import Config
from torch import Tensor

from mmmtl.model_converters import mti_net
from mmmtl.model_converters.published_tasks import placeholder_tasks
from mmmtl.model_converters.rdc_hrnet18 import SMALL
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.decode_heads import MTINetHead
from mmmtl.tasks import Depth, Normal, SemSeg

GOLDEN = Path(__file__).parents[2] / 'golden'
TASKS = dict(
    semseg=dict(type=SemSeg, classes=[str(i) for i in range(5)]), depth=dict(type=Depth), normal=dict(type=Normal)
)
PUBLISHED = dict(semseg='semseg', depth='depth', normal='normals')
HRNET_W18 = dict(in_channels=(18, 36, 72, 144), strides=(4, 8, 16, 32))


@pytest.fixture(scope='module')
def published() -> dict[str, Tensor]:
    return published_weights('mtinet_shared_keys.json')


def build(task_softmax: str, published: dict[str, Tensor], tasks: dict = TASKS) -> MultiTaskModel:
    backbone = dict(
        type='mmmtl.MMSegBackbone', backbone=dict(type='mmseg.HRNet', extra=SMALL, norm_cfg=dict(type='BN'))
    )
    head = dict(type='mmmtl.MTINetHead', auxiliary=('normal',), task_softmax=task_softmax)
    model = MultiTaskModel(tasks, Config(backbone), head)
    model.load_state_dict(mti_net.convert(published))
    return model.eval()


@pytest.fixture(scope='module')
def model(published) -> MultiTaskModel:
    return build('published', published)


@pytest.fixture
def features() -> list[Tensor]:
    shapes = [(2, width, 16 >> index, 24 >> index) for index, width in enumerate(HRNET_W18['in_channels'])]
    return [torch.from_numpy(noise(f'mtinet/feature_{i}', shape)).requires_grad_() for i, shape in enumerate(shapes)]


def difference(ours: Tensor, name: str) -> float:
    reference = torch.from_numpy(np.load(GOLDEN / 'mtinet_shared.npz')[name])
    assert ours.shape == reference.shape
    return float((ours.detach() - reference).abs().max() / reference.std())


def test_the_decoder_gives_the_published_numbers(model, features):
    head: MTINetHead = model.decode_head
    own = head.task_features(features)
    context = BatchContext.of(model.tasks, torch.zeros(2, 3, 64, 96))
    logits = head(tuple(features), context).logits
    total = torch.zeros(())
    for name, theirs in PUBLISHED.items():
        for index in range(4):
            assert difference(head.initial_logits[index][name](own[index][name]), f'scale_{index}_{theirs}') < 3e-4
        if name != 'normal':
            assert difference(logits[name], f'logits_{theirs}') < 3e-4
            cotangent = noise(f'mtinet/cotangent_{theirs}', tuple(logits[name].shape))
            total = total + (torch.from_numpy(cotangent) * logits[name]).sum()
    total.backward()
    for index, values in enumerate(features):
        assert difference(values.grad.mean(1), f'grad_feature_{index}_mean') < 3e-4


def test_the_order_of_the_tasks_in_the_config_does_not_matter(published, features):
    head = build('published', published, {name: TASKS[name] for name in ('normal', 'semseg', 'depth')}).decode_head
    assert list(head.propagation[0].task_order) == [2, 0, 1]  # depth, normal, semseg; published with semseg first
    context = BatchContext.of(head.tasks, torch.zeros(2, 3, 64, 96))
    logits = head(tuple(features), context).logits
    assert all(difference(logits[name], f'logits_{name}') < 3e-4 for name in ('semseg', 'depth'))


def test_a_softmax_over_tasks_gives_other_numbers(published, features):
    head = build('tasks', published).decode_head
    context = BatchContext.of(head.tasks, torch.zeros(2, 3, 64, 96))
    assert difference(head(tuple(features), context).logits['semseg'], 'logits_semseg') > 1


@torch.no_grad()
def test_the_whole_network_gives_the_published_numbers(model):
    logits = model(torch.from_numpy(noise('mtinet/image', (1, 3, 64, 96))))
    for name in ('semseg', 'depth'):
        assert difference(logits[name][:, :, ::4, ::4], f'image_{name}') < 1e-3


@pytest.mark.parametrize(
    ('tasks', 'expected'),
    [
        (dict(semseg=40, depth=1, normal=3, edge=1), 14_100_225),  # NYUD
        (dict(semseg=21, human_parts=7, saliency=2, edge=1, normal=3), 20_633_996),  # PASCAL
        (dict(semseg=40, depth=1), 4_717_459),
    ],
)
def test_published_numbers_of_parameters(tasks, expected):
    with torch.device('meta'):
        head = MTINetHead(placeholder_tasks(tasks), **HRNET_W18)
    assert sum(parameter.numel() for parameter in head.parameters()) == expected
