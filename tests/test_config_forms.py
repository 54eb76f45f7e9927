"""Every recipe can be inherited, run under plain MMEngine, and printed as a flat text config."""

import warnings
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmmtl.apis import load_config
from mmmtl.configuration.flat_config import flat_text
from mmmtl.configuration.recipes import all_recipes, recipe_name
from mmmtl.hooks.consistent_config_hook import check_consistent_config

CONFIGS = Path(__file__).parents[1] / 'configs'
RECIPES = all_recipes(CONFIGS)
FILES = [path for path in RECIPES if '::' not in path]


def plain(value: object) -> object:
    """Dicts, lists and values, with names of classes in the place of classes."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return f'{value.__module__}.{value.__qualname__}' if callable(value) else value


def entries(config: Config) -> dict:
    known = (
        'tasks',
        'protocol',
        'model',
        'optim_wrapper',
        'param_scheduler',
        'custom_hooks',
        'randomness',
        *(f'{split}_{part}' for split in ('train', 'val', 'test') for part in ('dataloader', 'evaluator', 'cfg')),
    )
    return {key: plain(config[key]) for key in known if config.get(key) is not None}


@pytest.mark.parametrize('path', FILES, ids=recipe_name)
def test_a_recipe_can_be_a_base(path, tmp_path):
    (tmp_path / 'configs').symlink_to(CONFIGS)
    module = '.'.join(Path(path).relative_to(CONFIGS).with_suffix('').parts)
    child = tmp_path / 'child.py'
    child.write_text(
        'from mmengine.config import read_base\n'
        f'with read_base():\n    from .configs.{module} import *\n'
        "optim_wrapper['optimizer'].update(lr=0.125)\n"
    )
    config = load_config(child)
    assert config.optim_wrapper.optimizer.lr == 0.125
    expected = entries(load_config(path))
    expected['optim_wrapper']['optimizer']['lr'] = 0.125
    assert entries(config) == expected


@pytest.mark.parametrize('path', FILES, ids=recipe_name)
def test_mmengine_reads_what_we_read(path):
    """`load_config` checks a shipped recipe and adds nothing to it that has an effect."""
    config = Config.fromfile(path)
    check_consistent_config(config)
    ours = load_config(path)
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if ours[loader].sampler.get('endless') is False:  # the default
            del ours[loader].sampler['endless']
        pairs = ours[loader].dataset.get('pairs', {})
        pairs.pop('tasks', None)  # `StereoMatches` has tasks of its own for its pairs
    assert entries(config) == entries(ours)


@pytest.mark.parametrize('path', RECIPES, ids=recipe_name)
def test_a_recipe_as_a_flat_text(path, tmp_path):
    ours = load_config(path)
    (tmp_path / 'flat.py').write_text(flat_text(ours, tidy=False))
    (tmp_path / 'child.py').write_text("_base_ = './flat.py'\ntrain_dataloader = dict(batch_size=3)")
    expected = entries(ours)
    assert entries(load_config(tmp_path / 'flat.py')) == expected
    expected['train_dataloader']['batch_size'] = 3
    if 'batch_size' in expected['train_dataloader']['sampler']:
        expected['train_dataloader']['sampler']['batch_size'] = 3
    assert entries(load_config(tmp_path / 'child.py')) == expected


@pytest.fixture
def run_state(monkeypatch) -> None:
    """What a runner leaves behind is gone after the test: a plain one makes 'mmengine' the scope of all names."""
    for kind in (DefaultScope, MessageHub):
        monkeypatch.setattr(kind, '_instance_dict', kind._instance_dict.copy())


def few_scenes(node: dict) -> None:
    for key, value in node.items():
        if key == 'scenes':
            node[key] = 3
        elif isinstance(value, dict):
            few_scenes(value)


@pytest.mark.slow
@pytest.mark.parametrize(
    'path',
    [
        'baseline/conv_segnet_small_b8_4e_rooms_small_full.py',
        'mtpsl/rooms_small.py::onelabel_cross_task',
        'mtpsl/rooms_small.py::onelabel_direct_map',
        'region_contrast/rooms_small.py::region_gaussian',
        'weighting/rooms_small.py::mgda',
        'cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full.py',
    ],
)
def test_a_step_under_plain_mmengine(path, tmp_path, rooms_cache, run_state):
    """Recipes of several families that learn on generated rooms; a row of a table is run as a flat text."""
    if '::' in path:
        (tmp_path / 'flat.py').write_text(flat_text(load_config(CONFIGS / path), tidy=False))
    config = Config.fromfile(tmp_path / 'flat.py' if '::' in path else CONFIGS / path)
    config.work_dir, config.experiment_name = str(tmp_path / 'run'), path.replace('/', '_')
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        few_scenes(config[loader])
        config[loader].num_workers = 0
    config.train_cfg.update({'max_epochs': 1} if config.train_cfg.by_epoch else {'max_iters': 1})
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    runner = Runner.from_cfg(config)
    before = [value.clone() for value in runner.model.parameters()]
    runner.train()
    assert any(not value.equal(old) for value, old in zip(runner.model.parameters(), before, strict=True))
    scores = runner.test()
    assert any(name.endswith('depth/abs_rel') for name in scores)


def test_a_part_replaced_in_a_child_of_a_recipe(tmp_path):
    (tmp_path / 'configs').symlink_to(CONFIGS)
    child = tmp_path / 'child.py'
    child.write_text(
        'from mmengine.config import read_base\nfrom mmmtl.models.decode_heads import ConvHead\n'
        'with read_base():\n    from .configs.baseline.aspp_resnet18_b8_2e_rooms_full import *\n'
        "model['decode_head'].update(head=dict(type=ConvHead, channels=8))\n"
    )
    with pytest.warns(UserWarning, match='ASPPHead became .*ConvHead; dropped its options in_index, low_level_index'):
        config = load_config(child)
    assert dict(config.model.decode_head.head) == dict(type=config.model.decode_head.head.type, channels=8)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        load_config(CONFIGS / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py')
