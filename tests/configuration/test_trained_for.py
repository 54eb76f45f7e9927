"""The size that a recipe trains for is read off its data or stated; evaluation follows where no protocol forbids it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_run import tiny_run
from tool_process import CONFIGS, ROOT

from mmmtl.apis import load_config
from mmmtl.datasets import CamVid
from mmmtl.datasets.transforms import CoverCrop, FixedCrop, LoadViews, PackViews, Pad, RandomCropLimited, Resize
from mmmtl.errors import ConfigError
from mmmtl.experiments.scores import recipe_digest
from mmmtl.synthetic_rooms import SyntheticRooms

DATA = sorted((Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets').glob('*.py'))
TINY = CONFIGS / 'tiny_rooms.py'
ROOMS = dict(type=SyntheticRooms, split='train', scenes=2, size=(60, 80))


def trained_for(dataset: dict, **options) -> dict | None:
    return load_config(TINY, {'train_dataloader.dataset': {'_delete_': True, **dataset}, **options}).trained_for


@pytest.mark.parametrize('path', DATA, ids=lambda path: path.stem)
def test_the_size_is_derived_for_every_data_set_of_photographs(path):
    found = load_config(path).trained_for
    if path.stem == 'rooms_matches':  # it looks at disparities, which no photograph is
        assert found is None
    else:
        height, width = found['size']
        assert 60 < height <= width < 2049


@pytest.mark.parametrize(
    ('pipeline', 'size'),
    [
        ([], (60, 80)),
        ([dict(type=Resize, size=(30, 44))], (30, 44)),
        ([dict(type=FixedCrop, size=(40, 70)), dict(type='mmmtl.Resize', size=(20, 35))], (20, 35)),
        ([dict(type=CoverCrop, size=(30, 30))], (30, 40)),
        ([dict(type=RandomCropLimited, size=(20, 20)), dict(type=Pad, size=(99, 99))], (60, 80)),
    ],
)
def test_the_size_is_that_of_a_whole_image_where_the_network_sees_it(pipeline, size):
    steps = [dict(type=LoadViews), *pipeline, dict(type=PackViews)]
    assert trained_for({**ROOMS, 'pipeline': steps}) == {'size': size, 'field_of_view': None}


def test_a_mixture_has_a_size_if_its_parts_agree():
    mixed = dict(type='mmmtl.ConcatDataset', parts=dict(a=dict(ROOMS), b=dict(ROOMS)))
    assert trained_for(mixed).size == (60, 80)
    mixed['parts']['b']['size'] = (30, 40)
    assert trained_for(mixed) is None


def test_a_given_size_has_priority_and_an_unknown_one_is_not_guessed():
    unknown = dict(type=CamVid, root='camvid', split='train', pipeline=[dict(type=LoadViews), dict(type=PackViews)])
    assert trained_for(unknown) is None
    assert trained_for(unknown, **{'trained_for.size': [240, 320]}).size == [240, 320]
    assert trained_for(ROOMS, **{'trained_for.size': (10, 20)}).size == (10, 20)
    assert trained_for(ROOMS, trained_for=None) is None
    cropped = {**unknown, 'pipeline': [dict(type=LoadViews), dict(type=CoverCrop, size=(384, 384))]}
    assert trained_for(cropped).size == (384, 384)


def test_an_option_that_changes_the_data_changes_the_size():
    assert load_config(TINY).trained_for.size == (32, 40)
    assert load_config(TINY, {'train_dataloader.dataset.size': (16, 24)}).trained_for.size == (16, 24)


@pytest.mark.parametrize(
    ('options', 'match'),
    [
        ({'trained_for': 96}, r'trained_for must be dict\(size=\(height, width\)\), or None, found 96'),
        ({'trained_for.size': (96,)}, r'trained_for.size must be \(height, width\) in pixels, found \(96,\)'),
        ({'trained_for.size': (0, 96)}, 'trained_for.size must be'),
        ({'trained_for.size': 'large'}, 'trained_for.size must be'),
        ({'trained_for.field_of_view': 180}, 'trained_for.field_of_view must be degrees between 0 and 180.*found 180'),
        ({'trained_for.field_of_view': 'wide'}, 'trained_for.field_of_view must be degrees'),
        ({'trained_for.field_of_view': (75, 60)}, r'or \(lowest, highest\), found \(75, 60\)'),
        ({'trained_for.field_of_view': (60, 180)}, 'trained_for.field_of_view must be degrees'),
        ({'trained_for.field_of_view': (60,)}, 'trained_for.field_of_view must be degrees'),
        ({'trained_for.sise': (96, 128)}, "trained_for.sise: unknown; did you mean 'size'?"),
    ],
)
def test_invalid_options_are_errors(options, match):
    with pytest.raises(ConfigError, match=match):
        load_config(TINY, options)


def test_an_angle_without_a_size_is_refused():
    unknown = dict(type=CamVid, root='camvid', split='train', pipeline=[dict(type=LoadViews), dict(type=PackViews)])
    with pytest.raises(ConfigError, match=r'field_of_view: needs a size.*add size=\(height, width\)'):
        trained_for(unknown, **{'trained_for.field_of_view': 60})


def steps(config: Config, loader: str = 'test_dataloader') -> list[str]:
    return [
        step['type'] if isinstance(step['type'], str) else step['type'].__name__
        for step in config[loader].dataset.pipeline
    ]


def test_evaluation_without_a_protocol_sees_the_scale_that_was_trained_for():
    for loader in ('val_dataloader', 'test_dataloader'):
        config = load_config(TINY)
        assert steps(config, loader) == ['LoadViews', 'mmmtl.AtTrainedScale', 'PackViews']
        assert config[loader].dataset.pipeline[1].trained_for == config.trained_for
    assert 'mmmtl.AtTrainedScale' not in steps(load_config(TINY), 'train_dataloader')
    assert steps(load_config(TINY, {'trained_for': None})) == ['LoadViews', 'PackViews']
    resized = [dict(type=LoadViews), dict(type=Resize, size=(9, 9)), dict(type=PackViews)]
    assert steps(load_config(TINY, {'test_dataloader.dataset.pipeline': resized})) == [
        'LoadViews',
        'Resize',
        'PackViews',
    ]


@pytest.mark.parametrize('path', DATA, ids=lambda path: path.stem)
def test_no_recipe_with_a_protocol_is_touched(path):
    config = load_config(path)
    for loader in ('val_dataloader', 'test_dataloader'):
        for part in config[loader].dataset.get('parts', {'': config[loader].dataset}).values():
            touched = any('AtTrainedScale' in str(step['type']) for step in part.pipeline)
            assert touched == (path.stem == 'cihp')


def test_a_dumped_config_has_the_same_trained_for(tmp_path):
    config = load_config(TINY)
    (tmp_path / 'dumped.py').write_text(config.pretty_text)
    again = load_config(tmp_path / 'dumped.py')
    assert again.trained_for == config.trained_for
    assert [name.rpartition('.')[2] for name in steps(again)] == ['LoadViews', 'AtTrainedScale', 'PackViews']


def test_runs_that_differ_in_nothing_else_are_of_one_recipe():
    stated = {'protocol': 'rooms/demo'}
    path = DATA[0].parents[2] / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
    one, other = load_config(path, stated), load_config(path, {**stated, 'trained_for.field_of_view': 60})
    assert recipe_digest(one) == recipe_digest(other)


def test_test_scores_of_enlarged_images_are_those_at_the_trained_size(tmp_path, monkeypatch):
    """Of images and labels that are three times as large the network sees 32 x 40, and scores are as before."""
    runs = {}
    for factor in (1, 3):
        monkeypatch.setattr('mmmtl.datasets.transforms.loading.load_view', enlarging(factor))
        runner = tiny_run(tmp_path / str(factor), randomness__seed=0)
        seen = []
        runner.model.backbone.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0].shape[2:]))
        torch.manual_seed(0)
        for parameter in runner.model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        runs[factor] = runner.test()
        assert set(seen) == {(32, 40)}
    for name in ('depth/abs_rel', 'depth/rmse', 'normal/mean', 'semseg/pixel_accuracy'):
        assert runs[3][name] == pytest.approx(runs[1][name], rel=0.05, abs=0.01), name


def enlarging(factor: int):
    from mmmtl.datasets.transforms.loading import load_view

    def load(*args):
        view = load_view(*args)
        view['image'] = view['image'].repeat(factor, 0).repeat(factor, 1)
        view['labels'] = {name: np.repeat(np.repeat(x, factor, 0), factor, 1) for name, x in view['labels'].items()}
        return view

    return load


@pytest.mark.parametrize('key', ['trained_for.size', 'trained_for'])
def test_an_option_for_one_part_is_refused(key):
    changed = f'val_dataloader.dataset.parts.camvid.pipeline.AtTrainedScale.{key}'
    with pytest.raises(ConfigError, match=f'{changed} has no effect, because .*; set {key}$'):
        load_config(ROOT / 'configs/mtpsl/photographs_lite0.py::supervised', {changed: {'size': (64, 80)}})
