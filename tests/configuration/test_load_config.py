"""load_config: every config loads; an error names the nearest known name."""

from pathlib import Path

import pytest

from mmmtl.apis import load_config
from mmmtl.configuration.recipes import all_recipes, recipe_name
from mmmtl.configuration.resolve_type import did_you_mean
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = all_recipes(ROOT / 'configs')


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert text.count(old) == 1, f'{old!r} is there {text.count(old)} times'
    path.write_text(text.replace(old, new))
    return path


def test_there_are_configs():
    assert CONFIGS


@pytest.mark.parametrize('path', CONFIGS, ids=recipe_name)
def test_every_config_of_the_project_loads(path):
    config = load_config(path)
    assert config.tasks and config.model.tasks == config.tasks
    dataset = config.train_dataloader.dataset
    assert all(part.tasks == config.tasks for part in dataset.get('parts', {'': dataset}).values())


def test_both_forms_build_the_same_network(plain, lazy):
    shapes = []
    for path in (plain, lazy):
        model = MODELS.build(load_config(path).model)
        assert type(model) is MultiTaskModel
        shapes.append({name: value.shape for name, value in model.state_dict().items()})
    assert shapes[0] == shapes[1]


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('key', 'value', 'found', 'meant'),
    [
        # a path
        ('modle.backbone', 1, "'modle'", 'model'),
        ('model.bakbone.widths', 1, 'model.bakbone', 'backbone'),
        ('model.backbone.width', 1, 'model.backbone.width', 'widths'),
        ('model.decode_head.head.chanels', 1, 'model.decode_head.head.chanels', 'channels'),
        ('model.loss_weighting.wieghts.depth', 2, 'model.loss_weighting.wieghts', 'weights'),
        ('model.data_preprocessor.divisr', 2, 'model.data_preprocessor.divisr', 'divisor'),
        ('tasks.depht.display_range', (1, 2), 'tasks.depht', 'depth'),
        ('tasks.depth.drawn_rang', (1, 2), 'tasks.depth.drawn_rang', 'display_range'),
        ('train_dataloader.batchsize', 2, 'train_dataloader.batchsize', 'batch_size'),
        ('train_dataloader.datset.scenes', 2, 'train_dataloader.datset', 'dataset'),
        ('train_dataloader.dataset.scene', 2, 'train_dataloader.dataset.scene', 'scenes'),
        ('train_dataloader.dataset.pipline', [], 'train_dataloader.dataset.pipline', 'pipeline'),  # of the base class
        ('train_dataloader.sampler.seeed', 2, 'train_dataloader.sampler.seeed', 'seed'),
        ('val_evaluator.1.prefx', 'x', 'val_evaluator[1].prefx', 'prefix'),
        ('optim_wrapper.clip_gradd', {}, 'optim_wrapper.clip_gradd', 'clip_grad'),
        ('optim_wrapper.optimizer.weight_dcay', 0, 'optim_wrapper.optimizer.weight_dcay', 'weight_decay'),
        (
            'optim_wrapper.paramwise_cfg.norm_decay_mlt',
            0,
            'optim_wrapper.paramwise_cfg.norm_decay_mlt',
            'norm_decay_mult',
        ),
        ('param_scheduler.0.Tmax', 0, 'param_scheduler[0].Tmax', 'T_max'),
        ('train_cfg.max_epoch', 5, 'train_cfg.max_epoch', 'max_epochs'),
        ('default_hooks.chekpoint.interval', 5, 'default_hooks.chekpoint', 'checkpoint'),
        ('default_hooks.checkpoint.max_keep_ckpt', 5, 'default_hooks.checkpoint.max_keep_ckpt', 'max_keep_ckpts'),
        ('val_cfg.fp61', True, 'val_cfg.fp61', 'fp16'),
        ('randomness.sed', 5, 'randomness.sed', 'seed'),
        ('env_cfg.cudnn_benchmrk', True, 'env_cfg.cudnn_benchmrk', 'cudnn_benchmark'),
        ('resum', True, "'resum'", 'resume'),
        # a name
        ('model.type', 'mmmtl.MultiTaskModl', 'model.type', 'mmmtl.MultiTaskModel'),
        ('model.backbone.type', 'mmmtl.SegNt', 'model.backbone.type', 'mmmtl.SegNet'),
        ('model.backbone.type', 'SegNet', 'model.backbone.type', 'mmmtl.SegNet'),  # MMEngine would not find it either
        ('tasks.depth.type', 'mmmtl.Depht', 'tasks.depth.type', 'mmmtl.Depth'),
        (
            'train_dataloader.dataset.type',
            'mmmtl.SyntheticRoms',
            'train_dataloader.dataset.type',
            'mmmtl.SyntheticRooms',
        ),
        ('train_dataloader.dataset.pipeline.0.type', 'mmmtl.LoadView', 'pipeline[0].type', 'mmmtl.LoadViews'),
        ('optim_wrapper.optimizer.type', 'AdmW', 'optim_wrapper.optimizer.type', 'AdamW'),
        ('param_scheduler.0.type', 'CosineAnealingLR', 'param_scheduler[0].type', 'CosineAnnealingLR'),
        ('default_hooks.checkpoint.type', 'ChekpointHook', 'default_hooks.checkpoint.type', 'CheckpointHook'),
    ],
)
def test_a_typo_in_an_option(plain, key, value, found, meant):
    load_config(plain)  # it is the option, nothing else
    with pytest.raises(ConfigError) as caught:
        load_config(plain, {key: value})
    assert found in str(caught.value)
    assert f'did you mean {meant!r}' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('old', 'new', 'found', 'meant'),
    [
        ('import Depth, Normal', 'import Dpeth as Depth, Normal', 'Dpeth', 'Depth'),
        ('import SegNet', 'import SegNt as SegNet', 'SegNt', 'SegNet'),
        (
            'from mmmtl.models.backbones import SegNet',
            'from mmmtl.models import backbones\nSegNet = backbones.SegNt',
            'SegNt',
            'SegNet',
        ),
        ('val_evaluator =', 'val_evaluatr =', "'val_evaluatr'", 'val_evaluator'),
        ('channels=_channels', 'chanels=_channels', 'model.decode_head.head.chanels', 'channels'),
    ],
)
def test_a_typo_in_a_config_of_imports(lazy, old, new, found, meant):
    load_config(lazy)
    with pytest.raises(ConfigError) as caught:
        load_config(edited(lazy, old, new))
    assert found in str(caught.value) and f'did you mean {meant!r}' in str(caught.value)


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('from mmmtl.metrics import', 'from mmmtl.metrix import', 'mmmtl.metrix'),
        ('type=Depth)', 'type=Depth', 'SyntaxError'),
        ('_channels = 4', '_channels = 4 / 0', 'ZeroDivisionError'),
        ('tasks = dict(depth=dict(type=Depth), normal=dict(type=Normal))', '', 'tasks: the config has none'),
        ('depth=dict(type=Depth)', 'depth=dict()', 'tasks.depth: has no type'),
        ('type=SegNet, ', '', 'model.backbone: has no type'),
    ],
)
def test_a_config_that_is_broken(lazy, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load_config(edited(lazy, old, new))


def test_a_missing_config_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r'absent\.py: no such config'):
        load_config(tmp_path / 'absent.py')


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('train_dataloader.batch_size', 'four', "train_dataloader.batch_size: expected a whole number, found 'four'"),
        (
            'train_dataloader.batch_size',
            0,
            'train_dataloader.batch_size: expected a whole number of at least 1, found 0',
        ),
        (
            'val_dataloader.num_workers',
            -1,
            'val_dataloader.num_workers: expected a whole number of at least 0, found -1',
        ),
        ('train_dataloader', 4, 'train_dataloader: expected a dict, found 4'),
        ('train_dataloader.dataset', None, 'train_dataloader.dataset: expected dict(type=...), found None'),
        ('val_dataloader.dataset', 3, 'val_dataloader.dataset: expected dict(type=...), found 3'),
        (
            'val_dataloader.dataset.size',
            (16, 'a'),
            "val_dataloader.dataset.size[1]: expected a whole number, found 'a'",
        ),
        (
            'train_dataloader.dataset.scenes',
            'all',
            "train_dataloader.dataset.scenes: expected a whole number, found 'all'",
        ),
        ('train_cfg.max_epochs', 'many', "train_cfg.max_epochs: expected a whole number, found 'many'"),
        ('train_cfg.val_interval', 0, 'train_cfg.val_interval: expected a whole number of at least 1, found 0'),
        ('optim_wrapper.optimizer.lr', 'high', "optim_wrapper.optimizer.lr: expected a number, found 'high'"),
        ('optim_wrapper.clip_grad', 1, 'optim_wrapper.clip_grad: expected a dict, found 1'),
        (
            'optim_wrapper.clip_grad',
            dict(type='values', clip_value=1),
            "optim_wrapper.clip_grad.type: expected 'norm' or 'value', found 'values'",
        ),
        (
            'default_hooks.checkpoint.interval',
            'a',
            "default_hooks.checkpoint.interval: expected a whole number, found 'a'",
        ),
        ('param_scheduler.0.T_max', 'a', "param_scheduler[0].T_max: expected a whole number, found 'a'"),
        ('randomness.seed', 'a', "randomness.seed: expected a whole number, found 'a'"),
        ('custom_hooks', ['EMAHook'], "custom_hooks[0]: expected a dict, found 'EMAHook'"),
        ('model.decode_head.head.in_index', 'a', "model.decode_head.head.in_index: expected a whole number, found 'a'"),
    ],
)
def test_a_value_of_the_wrong_kind(plain, key, value, message):
    with pytest.raises(ConfigError) as caught:
        load_config(plain, {key: value})
    assert str(caught.value) == message


def test_a_warm_up_of_half_an_epoch_is_taken(plain):
    warm_up = dict(type='LinearLR', by_epoch=True, begin=0.0, end=0.5, convert_to_iter_based=True)
    assert load_config(plain, {'param_scheduler': [warm_up]}).param_scheduler[0].end == 0.5


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('optim_wrapper.clip_grad', dict(type='value', clip_value=1)),
        ('custom_hooks', [dict(type='ProfilerHook', on_trace_ready=dict(type='log_trace', row_limit=3))]),
    ],
)
def test_an_option_of_mmengine_that_is_called_type_is_accepted(plain, key, value):
    assert load_config(plain, {key: value}).get(key.split('.')[0])


def test_batch_norm_over_processes(plain):
    assert load_config(plain, {'sync_bn': 'torch'}).sync_bn == 'torch'
    with pytest.raises(ConfigError, match="sync_bn must be None, 'torch' or 'mmcv', found True"):
        load_config(plain, {'sync_bn': True})


def test_an_option_beyond_a_list(plain):
    with pytest.raises(ConfigError, match='7'):
        load_config(plain, {'param_scheduler.7.T_max': 3})


def test_helpers_begin_with_an_underscore(plain):
    assert load_config(plain).train_dataloader.dataset['size'] == (16, 20)
    with pytest.raises(ConfigError, match="unknown key 'size'.*begins with an underscore"):
        load_config(edited(plain, 'val_cfg = dict()', 'val_cfg = dict()\nsize = _size'))


def test_an_option_cannot_change_a_helper(plain):
    with pytest.raises(ConfigError, match='_size: a private variable .* has no effect'):
        load_config(plain, {'_size': (32, 40)})


def test_good_options_are_taken(plain):
    config = load_config(
        plain,
        {
            'model.backbone.widths': (2, 3),
            'train_dataloader.dataset.label_setting': dict(type='mmmtl.OneLabel'),
            'model.loss_weighting.weights.depth': 2,
            'optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult': 0.1,
            'randomness.deterministic': True,
            'protocol': None,
            'train_cfg.val_interval': 2,
            'param_scheduler.0.T_max': 7,
            'default_hooks.checkpoint.save_optimizer': False,
            'visualizer': dict(type='Visualizer', vis_backends=[dict(type='TensorboardVisBackend')]),
        },
    )
    assert config.param_scheduler[0].T_max == 7
    model = MODELS.build(config.model)
    assert model.backbone.out_channels == (2, 3)
    assert model.loss_weighting.weights.tolist() == [2, 1]


def test_a_custom_constructor_accepts_its_own_keys(plain):
    load_config(plain, {'optim_wrapper.constructor': 'LayerDecay', 'optim_wrapper.paramwise_cfg.decay_rate': 0.7})


# -- parts ------------------------------------------------------------------------------------------------------------


def test_nearest():
    assert did_you_mean('dpeth', ['normal', 'depth']) == "; did you mean 'depth'?"
    assert did_you_mean('zzz', ['normal', 'depth']) == ''
