"""Protocols: every base config keeps its own, every departure is named, and the numbers that stand for tasks exist."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmmtl.apis import load_config
from mmmtl.configuration.protocol_check import compared_metrics, evaluated_size, task_attribute
from mmmtl.configuration.protocols import PROTOCOLS, Protocol, protocol_of
from mmmtl.configuration.recipes import all_recipes, recipe_name
from mmmtl.errors import ConfigError
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import build_tasks

ROOT = Path(__file__).parents[2] / 'configs'
CONFIGS = all_recipes(ROOT)
ROOMS = ROOT / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
MIXED = ROOT / 'baseline' / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py'


@pytest.mark.parametrize('path', CONFIGS, ids=recipe_name)
def test_every_config_names_a_protocol_and_keeps_it(path):
    config = load_config(path)
    protocol = protocol_of(config)
    assert protocol is not None
    for name, task in build_tasks(config.tasks).items():
        assert set(task.compute_metrics(MultiTaskMetric.zero_sums(task))) >= set(protocol.metrics[name]), name


def test_protocols_are_whole():
    for name, protocol in PROTOCOLS.items():
        assert protocol.about and set(protocol.tasks) == set(protocol.metrics), name
        assert all('kind' in attributes for attributes in protocol.tasks.values()), name
        assert all(protocol.metrics.values()), name


@pytest.mark.parametrize(
    ('options', 'found'),
    [
        ({'tasks.semseg.classes': ['a', 'b']}, 'tasks.semseg: channels is 2, not 13'),
        ({'tasks.depth.max_depth': 4.0}, 'tasks.depth: max_depth is 4.0, not None'),
        ({'tasks.depth.crop': 'garg'}, "tasks.depth: crop is 'garg', not None"),
        ({'tasks.depth': dict(type='mmmtl.Normal', _delete_=True)}, "tasks.depth: kind is 'Normal', not 'Depth'"),
        ({'tasks.edge': dict(type='mmmtl.Edge')}, 'tasks.edge is not one of its tasks (semseg, depth, normal)'),
        ({'test_dataloader.dataset.size': (64, 80)}, 'test_dataloader.dataset has images of 64 x 80, not 96 x 128'),
        ({'test_dataloader.dataset.split': 'val'}, "test_dataloader.dataset.split is 'val', not 'test'"),
        ({'test_dataloader.dataset.num_views': 4}, 'test_dataloader.dataset.num_views is 4, not 2'),
        (
            {
                'test_dataloader.dataset': dict(
                    _delete_=True, type='mmmtl.PosedViews', root='.', split='val', pipeline=[]
                )
            },
            'test_dataloader.dataset is of type PosedViews, not SyntheticRooms',
        ),
        ({'protocol': 'nyuv2-13/mtan'}, "model.reduction is 'labelled', not 'batch'"),
        ({'test_dataloader.dataset.variety': 'photographs'}, "dataset.variety is 'photographs', not 'plain'"),
        ({'protocol': 'rooms/dmeo'}, "protocol: 'rooms/dmeo' is unknown; known are nyuv2-13/mtan"),
        ({'protocol': ['rooms/demo']}, "protocol: ['rooms/demo'] is unknown"),
    ],
)
def test_a_departure_is_named(options, found):
    with pytest.raises(ConfigError) as caught:
        load_config(ROOMS, options)
    assert found in str(caught.value) and '\n' not in str(caught.value)


def test_all_departures_are_named_at_once():
    with pytest.raises(
        ConfigError, match="protocol 'rooms/demo': .*max_depth is 4.0.*; .*scenes is 3.*; follow it, or"
    ):
        load_config(ROOMS, {'tasks.depth.max_depth': 4.0, 'test_dataloader.dataset.scenes': 3})


@pytest.mark.parametrize(
    'options',
    [
        {'protocol': None, 'test_dataloader.dataset.scenes': 3},  # left on purpose
        {'train_dataloader.dataset.scenes': 3, 'val_dataloader.dataset.scenes': 3},  # what is not tested is free
        {'model.reduction': 'pixels'},  # this protocol leaves it open
        {'tasks': dict(_delete_=True, depth=dict(type='mmmtl.Depth'))},  # a single-task baseline
    ],
)
def test_what_a_protocol_leaves_free(options):
    load_config(ROOMS, options)


def test_the_parts_of_a_mixed_data_set_are_checked():
    with pytest.raises(ConfigError, match=r"test_dataloader.dataset.parts.camvid.split is 'train', not 'val'"):
        load_config(MIXED, {'test_dataloader.dataset.parts.camvid.split': 'train'})
    config = load_config(MIXED)
    scores = ['camvid/semseg/mIoU', 'two_view/depth/abs_rel', 'two_view/depth/rmse', 'bsds500/edge/odsF']
    assert compared_metrics(config, scores) == {scores[0]: True, scores[1]: False, scores[3]: True}


@pytest.mark.parametrize('place', ['val_dataloader.dataset', 'test_dataloader.dataset'])
def test_evaluation_leaves_no_image_out(place):
    with pytest.raises(ConfigError, match=f"{place}.on_bad_sample: 'skip' is for training"):
        load_config(ROOMS, {f'{place}.on_bad_sample': 'skip', 'protocol': None})
    load_config(ROOMS, {'train_dataloader.dataset.on_bad_sample': 'skip'})
    with pytest.raises(ConfigError, match="test_dataloader.dataset.on_bad_sample: 'skip'"):
        load_config(MIXED, {'test_dataloader.dataset.parts.camvid.on_bad_sample': 'skip'})


def test_what_is_compared_is_the_protocols_choice_or_the_headline():
    config = load_config(ROOMS)
    scores = ['semseg/mIoU', 'depth/abs', 'depth/abs_rel', 'depth/abs_rel_unclamped', 'normal/mean', 'normal/median']
    assert compared_metrics(config, scores) == {'semseg/mIoU': True, 'depth/abs_rel': False, 'normal/mean': False}
    config.protocol = 'nyuv2-13/mtan'
    assert compared_metrics(config, scores) == {'semseg/mIoU': True, 'depth/abs': False, 'normal/mean': False}
    assert compared_metrics(Config(), scores) == {}


def test_a_project_adds_its_own(monkeypatch):
    own = Protocol(
        about='mine',
        size=(64, 80),
        dataset=('SyntheticRooms', {}),
        tasks=dict(depth=dict(kind='Depth')),
        metrics=dict(depth=('rmse',)),
    )
    monkeypatch.setitem(PROTOCOLS, 'mine/v1', own)

    def load(**options):
        tasks = dict(_delete_=True, depth=dict(type='mmmtl.Depth'))
        load_config(ROOMS, {'protocol': 'mine/v1', 'tasks': tasks, **options})

    with pytest.raises(ConfigError, match='images of 96 x 128, not 64 x 80'):
        load()
    load(**{'test_dataloader.dataset.size': (64, 80)})


def test_the_size_is_that_of_the_last_transform_of_the_pipeline():
    steps = [
        dict(type='mmmtl.Resize', size=(10, 20)),
        dict(type='mmmtl.Pad', size=(16, 32)),
        dict(type='mmmtl.PackViews'),
    ]
    assert evaluated_size(dict(type='mmmtl.SyntheticRooms', pipeline=steps)) == (16, 32)
    assert evaluated_size(dict(type='mmmtl.SyntheticRooms', pipeline=steps[2:])) == (128, 160)
    assert evaluated_size(dict(type='mmmtl.NYUv2', pipeline=[])) == (288, 384)
    assert evaluated_size(dict(type='mmmtl.PosedViews', pipeline=[])) is None


def test_attributes():
    edge = build_tasks({'edge': dict(type='Edge', thresholds=9)})['edge']
    assert task_attribute(edge, 'kind') == 'Edge' and task_attribute(edge, 'thresholds') == 9
    assert task_attribute(edge, 'no such thing') is None
