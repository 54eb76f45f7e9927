"""Pseudo classes: the folder that a pipeline reads, and the networks that fit a task."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.apis import init_model

from mmmtl.datasets.transforms import LoadPseudoLabels, LoadViews, RectifiedPair
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.pseudo_labels.pipeline_steps import sorts_views
from mmmtl.pseudo_labels.pseudo_disparity import disparity_folder
from mmmtl.pseudo_labels.pseudo_semseg import (
    load_mmmtl_network,
    load_mmseg_network,
    semseg_folder,
)
from mmmtl.tasks import SemSeg

BINARY = SemSeg('semseg', classes=('road', 'rest'))
LOAD = dict(type=LoadPseudoLabels, folder='pseudo', names=('semseg', 'disparity'))
OURS = """
model = dict(type='mmmtl.MultiTaskModel', backbone=dict(type='mmmtl.SegNet', widths=(4, 6)),
             decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)))
tasks = dict(depth=dict(type='mmmtl.Depth'))
"""
MMSEG = """
model = dict(
    type='EncoderDecoder', data_preprocessor=dict(type='SegDataPreProcessor', size=None),
    backbone=dict(type='ResNet', depth=18, base_channels=8, norm_cfg=dict(type='BN')),
    decode_head=dict(type='FCNHead', in_channels=64, in_index=3, channels=8, num_convs=1, num_classes=2,
                     out_channels=1, threshold=0.3, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True)),
    test_cfg=dict(mode='whole'))
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
default_scope = 'mmseg'
"""


class Renamed(torch.nn.Module):
    """A transform of a project with arguments named as those of LoadPseudoLabels and RectifiedPair."""

    def __init__(self, names: tuple[str, ...] | None = None, folder: str = '', order: str = '') -> None:
        super().__init__()


@pytest.mark.parametrize('names', [('semseg', 'disparity'), None])
def test_only_load_pseudo_labels_names_the_folder(names):
    other = dict(type=Renamed, names=names, order='sort')
    pipeline = [dict(type=LoadViews), other, LOAD]
    assert semseg_folder(pipeline, 'semseg') == 'pseudo'
    assert disparity_folder(dict(pipeline=[dict(type=Renamed, folder='other'), LOAD])) == 'pseudo'
    with pytest.raises(ConfigError, match='has no LoadPseudoLabels with semseg among its names'):
        semseg_folder(pipeline[:2], 'semseg')
    assert not sorts_views(pipeline) and sorts_views([dict(type=RectifiedPair, order='sort')])


def test_a_type_that_is_not_registered_has_a_path():
    with pytest.raises(ConfigError, match=r"^pipeline\[1\]\.type: 'LoadVews' is not registered"):
        semseg_folder([dict(type=LoadViews), dict(type='LoadVews')], 'semseg')


@pytest.fixture(scope='module')
def binary_network(tmp_path_factory):
    """A network of mmsegmentation with one output channel for two classes: its config and its weights."""
    config = tmp_path_factory.mktemp('mmseg') / 'binary.py'
    config.write_text(MMSEG)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return str(config), init_model(str(config), device='cpu').state_dict()


@pytest.fixture(params=[None, 'mmengine'])
def scope(request, monkeypatch):
    """The default scope of the process: none, or one that a runner has set before."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', type(DefaultScope._instance_dict)())
    if request.param:
        DefaultScope.get_instance('runner', scope_name=request.param)
    return request.param


def current_scope() -> str | None:
    scope = DefaultScope.get_current_instance()
    return scope and scope.scope_name


@pytest.mark.parametrize('layout', ['state_dict', 'bare'])
def test_a_binary_network_of_mmsegmentation(binary_network, scope, tmp_path, layout):
    config, weights = binary_network
    torch.save(weights if layout == 'bare' else {'state_dict': weights}, tmp_path / 'a.pth')
    segment = load_mmseg_network(config, str(tmp_path / 'a.pth'), BINARY, 'cpu')
    assert current_scope() == scope
    assert set(np.unique(segment(np.zeros((32, 32, 3), np.uint8)))) <= {0, 1}
    assert current_scope() == scope
    with pytest.raises(ConfigError, match='the network has 2 classes of semseg, expected 3'):
        load_mmseg_network(config, str(tmp_path / 'a.pth'), SemSeg('semseg', classes=('a', 'b', 'c')), 'cpu')


def test_a_file_without_weights_of_mmsegmentation(binary_network, tmp_path):
    torch.save([1], tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=r'a\.pth: expected a state dict of names and tensors'):
        load_mmseg_network(binary_network[0], str(tmp_path / 'a.pth'), BINARY, 'cpu')


def test_a_network_without_the_task(tmp_path):
    from mmmtl.apis import init_model

    config, checkpoint = tmp_path / 'depth.py', tmp_path / 'depth.pth'
    config.write_text(OURS)
    torch.save({'state_dict': init_model(config).state_dict()}, checkpoint)
    with pytest.raises(ConfigError, match='the network has no task semseg; its tasks are depth; choose another --task'):
        load_mmmtl_network(str(config), str(checkpoint), BINARY, 'cpu', no_resize=True)
