"""A config that departs from its protocol keeps running, is told apart from those that follow it, and names why."""

import json
import warnings
from pathlib import Path

import pytest

from mmmtl.apis import load_config
from mmmtl.configuration.departures import departures, followed_protocol
from mmmtl.configuration.evaluation import evaluation_differences
from mmmtl.configuration.flat_config import flat_text
from mmmtl.configuration.protocols import PROTOCOLS, Protocol
from mmmtl.configuration.recipes import read_recipe
from mmmtl.datasets import ConcatDataset, PosedViews
from mmmtl.errors import ConfigError, DataError
from mmmtl.experiments.run_table import run_table
from mmmtl.experiments.scores import write_scores
from mmmtl.metrics import MultiTaskMetric

ROOT = Path(__file__).parents[2] / 'configs'
ROOMS = ROOT / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
MIXED = ROOT / 'baseline' / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py'
DATASET = 'test_dataloader.dataset'
SCORES = {'trained network': {'depth/abs_rel': 0.2}}


@pytest.mark.parametrize(
    ('options', 'found'),
    [
        ({'tasks.semseg.classes': ['a', 'b']}, 'tasks.semseg.classes is '),
        ({'tasks.semseg.absent': 'zero'}, "tasks.semseg.absent is 'zero', not 'skip'"),
        ({'tasks.depth.max_depth': 4.0}, 'tasks.depth.max_depth is 4.0, not None'),
        ({'tasks.depth.crop': 'garg'}, "tasks.depth.crop is 'garg', not None"),
        ({'tasks.depth': dict(type='mmmtl.Normal', _delete_=True)}, 'tasks.depth is of type Normal, not Depth'),
        ({'tasks.edge': dict(type='mmmtl.Edge')}, 'tasks.edge is not one of its tasks (semseg, depth, normal)'),
        ({f'{DATASET}.size': (64, 80)}, f'{DATASET}.size[0] is 64, not 96'),
        ({f'{DATASET}.split': 'val'}, f"{DATASET}.split is 'val', not 'test'"),
        ({f'{DATASET}.num_views': 4}, f'{DATASET}.num_views is 4, not 2'),
        ({f'{DATASET}.variety': 'realistic'}, f"{DATASET}.variety is 'realistic', not 'plain'"),
        (
            {DATASET: dict(_delete_=True, type='mmmtl.PosedViews', root='.', split='val', pipeline=[])},
            f'{DATASET} is of type PosedViews, not SyntheticRooms',
        ),
        (
            {f'{DATASET}.pipeline': [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.RandomFlip')]},
            f'{DATASET}.pipeline[1].type is ',
        ),
        (
            {f'{DATASET}.pipeline': [dict(type=f'mmmtl.{name}') for name in ('LoadViews', 'RandomFlip', 'PackViews')]},
            f'{DATASET}.pipeline is LoadViews, RandomFlip, PackViews, not LoadViews, PackViews',
        ),
        ({'test_dataloader.drop_last': True}, 'test_dataloader.drop_last is True, not None'),
        (
            {'test_evaluator': dict(_delete_=True, type='mmmtl.CrossViewMetric')},
            'test_evaluator is of type CrossViewMetric, not MultiTaskMetric',
        ),
        ({'test_evaluator': [dict(type='mmmtl.MultiTaskMetric')] * 2}, 'test_evaluator has 2 metrics, not 1'),
        ({'protocol': 'nyuv2-13/mtan'}, "model.reduction is 'labelled', not 'batch'"),
    ],
)
def test_a_departure_is_named_in_one_line(options, found):
    with pytest.warns(UserWarning, match='scores of this config are not reported under the name of the') as caught:
        config = load_config(ROOMS, options)
    (line,) = [str(one.message) for one in caught if 'protocol' in str(one.message)]
    assert found in line and '\n' not in line
    assert any(found in one for one in departures(config)) and followed_protocol(config) is None


@pytest.mark.parametrize(
    'options',
    [
        {'protocol': None, f'{DATASET}.scenes': 3},  # no protocol
        {'train_dataloader.dataset.scenes': 3, 'val_dataloader.dataset.scenes': 3},  # not tested
        {'model.reduction': 'pixels'},  # this protocol allows any
        {'tasks': dict(_delete_=True, depth=dict(type='mmmtl.Depth'))},  # a single-task baseline
        {'tasks.depth.loss': dict(type='SILog'), 'tasks.depth.display_range': (0.0, 1.0)},  # training, visualization
        {'tasks.depth.type': 'mmmtl.InverseDepth'},  # the same evaluation of another parametrization
        {'test_dataloader.batch_size': 3, 'test_dataloader.num_workers': 0},
        {f'{DATASET}.variety': 'plain', 'tasks.depth.min_depth': 0.0},  # defaults, written out
    ],
)
def test_what_a_protocol_leaves_free(options):
    with warnings.catch_warnings():
        warnings.filterwarnings('error', message='protocol')
        assert departures(load_config(ROOMS, options)) == []


@pytest.mark.parametrize('recipe', [ROOMS, MIXED], ids=['rooms', 'mixed'])
def test_a_flat_text_config_follows_the_protocol_of_its_recipe(recipe, tmp_path):
    (tmp_path / 'flat.py').write_text(flat_text(read_recipe(recipe)))
    (tmp_path / 'child.py').write_text("_base_ = './flat.py'\ntasks = dict(semseg=dict(absent='zero'))\n")
    assert departures(load_config(tmp_path / 'flat.py')) == []
    with pytest.warns(UserWarning, match='absent'):
        assert departures(load_config(tmp_path / 'child.py')) == ["tasks.semseg.absent is 'zero', not 'skip'"]


def test_the_parts_of_combined_test_data_are_compared():
    for options, found in (
        ({f'{DATASET}.parts.camvid.split': 'train'}, f"{DATASET}.parts.camvid.split is 'train', not 'val'"),
        (
            {f'{DATASET}.parts': dict(_delete_=True)},
            f'{DATASET} has the parts none, not camvid, bsds500, two_view',
        ),
        (
            {'test_evaluator.parts.camvid': dict(_delete_=True, type='mmmtl.CrossViewMetric')},
            'test_evaluator.parts.camvid is of type CrossViewMetric, not MultiTaskMetric',
        ),
    ):
        with pytest.warns(UserWarning, match='protocol'):
            assert found in departures(load_config(MIXED, options))


def test_a_departed_run_loses_the_name_and_shares_no_table_with_others(tmp_path):
    write_scores(tmp_path / 'a' / 'metrics.json', SCORES, load_config(ROOMS))
    with pytest.warns(UserWarning, match='max_depth'):
        config = load_config(ROOMS, {'tasks.depth.max_depth': 4.0})
    write_scores(tmp_path / 'b' / 'metrics.json', SCORES, config)
    followed, departed = (json.loads((tmp_path / name / 'metrics.json').read_text()) for name in 'ab')
    assert (followed['protocol'], followed['departures']) == ('rooms/demo', [])
    assert followed['protocol_digest'] == PROTOCOLS['rooms/demo'].digest()
    assert (departed['protocol'], departed['protocol_digest']) == (None, None)
    assert departed['departures'] == ['rooms/demo: tasks.depth.max_depth is 4.0, not None']
    with pytest.raises(DataError, match='follows protocol rooms/demo, .* None: their results are not comparable'):
        run_table([str(tmp_path / 'a'), f'other={tmp_path / "b"}'])


def test_a_departure_keeps_the_images_of_the_evaluation():
    with pytest.warns(UserWarning, match='tasks.edge'):
        config = load_config(ROOMS, {'tasks.edge': dict(type='mmmtl.Edge')})
    assert len(config.test_dataloader.dataset.pipeline) == 2  # not resized, as data without a protocol would be


def own_protocol(tmp_path, text=''):
    """Write a text config that is an evaluation of 64 x 80 rooms with depth, and return its protocol."""
    file = tmp_path / 'evaluation.py'
    file.write_text(
        "tasks = dict(depth=dict(type='Depth'))\n"
        "test_dataloader = dict(batch_size=2, sampler=dict(type='mmmtl.EvenlySplitSampler'),\n"
        "    collate_fn=dict(type='mmmtl.datasets.collate_views'), dataset=dict(\n"
        "    type='mmmtl.SyntheticRooms', split='test', scenes=2, size=(64, 80),\n"
        "    pipeline=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]))\n"
        f"test_evaluator = dict(type='mmmtl.MultiTaskMetric')\n{text}"
    )
    return Protocol(about='mine', file=file)


def test_a_config_takes_what_its_protocol_gives(tmp_path, monkeypatch):
    monkeypatch.setitem(PROTOCOLS, 'mine/v1', own_protocol(tmp_path))
    file = tmp_path / 'mine.py'
    file.write_text("protocol = 'mine/v1'\n")
    config = load_config(file)
    assert list(config.tasks) == ['depth'] and config.test_dataloader.dataset.size == (64, 80)
    assert list(config.test_dataloader.dataset.tasks) == ['depth'] and followed_protocol(config)
    with pytest.warns(UserWarning, match="protocol 'mine/v1': .*scenes is 3, not 2"):
        load_config(file, {f'{DATASET}.scenes': 3})
    assert load_config(file).test_dataloader.dataset.scenes == 2  # what was taken is a copy


def test_another_version_of_a_protocol_has_another_digest(tmp_path):
    (tmp_path / 'new').mkdir()
    changed = own_protocol(tmp_path / 'new', "test_dataloader['dataset']['scenes'] = 3\n")
    moved = own_protocol(tmp_path, "test_dataloader['dataset']['root'] = '/elsewhere'\n")
    (tmp_path / 'old').mkdir()
    assert len({protocol.digest() for protocol in (own_protocol(tmp_path / 'old'), changed, moved)}) == 2


@pytest.mark.parametrize('name', ['rooms/dmeo', ['rooms/demo']])
def test_an_unknown_protocol_is_refused(name):
    with pytest.raises(ConfigError, match=r'^protocol: .*rooms/d.* is unknown; known are nyuv2-13/mtan'):
        load_config(ROOMS, {'protocol': name})


def test_departures_of_parts_have_the_order_of_the_protocol():
    names = [f'part{number}' for number in range(20)]  # a set of them would have another order in almost every run

    def evaluation(split: str) -> dict:
        parts = {name: dict(type=PosedViews, root='.', split=split, pipeline=[]) for name in names}
        loader = dict(dataset=dict(type=ConcatDataset, parts=parts))
        return dict(tasks={}, test_dataloader=loader, test_evaluator=dict(type=MultiTaskMetric))

    found = list(evaluation_differences(evaluation('train'), evaluation('val')))
    assert found == [f"{DATASET}.parts.{name}.split is 'train', not 'val'" for name in names]


@pytest.mark.parametrize('path', ['val_dataloader.dataset', 'test_dataloader.dataset'])
def test_evaluation_leaves_no_image_out(path):
    with pytest.raises(ConfigError, match=f"{path}.on_bad_sample: 'skip' is for training"):
        load_config(ROOMS, {f'{path}.on_bad_sample': 'skip', 'protocol': None})
    load_config(ROOMS, {'train_dataloader.dataset.on_bad_sample': 'skip'})
    with pytest.raises(ConfigError, match=r"^test_dataloader\.dataset\.parts\.camvid\.on_bad_sample: 'skip'"):
        load_config(MIXED, {'test_dataloader.dataset.parts.camvid.on_bad_sample': 'skip'})


@pytest.mark.parametrize('path', ['train_dataloader.dataset.parts', 'test_dataloader.dataset.parts'])
def test_a_part_is_a_dataset(path):
    with pytest.raises(ConfigError, match=rf'^{path}\.camvid: expected dict\(type=...\), found None'):
        load_config(MIXED, {f'{path}.camvid': None})
    with pytest.raises(ConfigError, match=f'^{path}: expected a dict of datasets, found None'):
        load_config(MIXED, {path: None})
