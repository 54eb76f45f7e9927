"""Changes by dotted keys: merged, addressed by index or type, and a part of a different type loses the old options."""

import warnings

import pytest
from mmengine.config import Config

from mmmtl.configuration.config_changes import apply_changes
from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import MGDA, FixedWeighting
from mmmtl.registry import MODELS

CONFIG = dict(
    a=dict(b=dict(c=1, d=2), e=[dict(x=1), dict(x=2)]),
    steps=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.Resize', size=(2, 3)), dict(type='mmmtl.PackViews')],
    model=dict(loss_weighting=dict(weights=dict(depth=2.0))),
    optim_wrapper=dict(type='OptimWrapper', clip_grad=dict(max_norm=1), optimizer=dict(type='Adam', lr=1e-3)),
    head=dict(type='mmmtl.ASPPHead', in_index=-1, low_level_index=0, channels=32),
)


def changed(changes: dict) -> dict:
    config = Config(CONFIG)
    apply_changes(config, changes)
    return config.to_dict()


@pytest.mark.parametrize(
    ('changes', 'path', 'expected'),
    [
        ({'a.b.c': 3}, 'a.b', {'c': 3, 'd': 2}),
        ({'a.b': dict(f=3)}, 'a.b', {'c': 1, 'd': 2, 'f': 3}),
        ({'a.b': dict(_delete_=True, f=3)}, 'a.b', {'f': 3}),
        ({'a.b': None}, 'a.b', None),
        ({'a.b': dict(f=3), 'a.b.c': 5}, 'a.b', {'c': 5, 'd': 2, 'f': 3}),
        ({'a.e.1.x': 3}, 'a.e', [{'x': 1}, {'x': 3}]),
        ({'new.part.x': 3}, 'new', {'part': {'x': 3}}),
    ],
)
def test_changes_are_merged(changes, path, expected):
    found = changed(changes)
    for key in path.split('.'):
        found = found[key]
    assert found == expected


def test_an_element_is_named_by_its_type():
    assert changed({'steps.Resize.size': (4, 5)})['steps'][1] == {'type': 'mmmtl.Resize', 'size': (4, 5)}
    assert [step['type'] for step in changed({'steps.Resize': None})['steps']] == ['mmmtl.LoadViews', 'mmmtl.PackViews']
    replaced = changed({'steps.PackViews': dict(type='mmmtl.TwoCrops')})['steps']
    assert [step['type'] for step in replaced] == ['mmmtl.LoadViews', 'mmmtl.Resize', 'mmmtl.TwoCrops']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'steps.7.size': 1}, r'steps\.7: no element of the list is a 7'),
        ({'steps.Pad.size': 1}, r'steps\.Pad: no element .* one of LoadViews, Resize, PackViews'),
        ({'a.b.c.d': 1}, r"a\.b\.c: is 1, which has no entry 'd'"),
        ({'a.e': [1], 'a.e.0': 2}, 'a.e.0: e is also set as a whole'),
    ],
)
def test_a_change_of_an_unknown_key_is_an_error(changes, message):
    with pytest.raises(ConfigError, match=message):
        changed(changes)


def test_an_element_named_twice():
    config = Config(dict(steps=[dict(type='mmmtl.Resize', size=1), dict(type='mmmtl.Resize', size=2)]))
    with pytest.raises(ConfigError, match='more than one element of the list is a Resize'):
        apply_changes(config, {'steps.Resize.size': 3})


def test_a_part_of_another_type_loses_the_old_options():
    with pytest.warns(UserWarning, match='head: ASPPHead became ConvHead; dropped its options .*low_level_index'):
        assert changed({'head.type': 'mmmtl.ConvHead'})['head'] == {'type': 'mmmtl.ConvHead'}
    with pytest.warns(UserWarning, match='dropped'):
        head = changed({'head.channels': 8, 'head.type': 'mmmtl.ConvHead'})['head']  # in any order
    assert head == {'type': 'mmmtl.ConvHead', 'channels': 8}


def test_a_part_without_a_type_has_that_of_its_place():
    with pytest.warns(UserWarning, match='FixedWeighting became MGDA; dropped its options weights'):
        found = changed({'model.loss_weighting': dict(type=MGDA)})
    assert found['model']['loss_weighting'] == {'type': MGDA}
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        found = changed({'model.loss_weighting': dict(type=FixedWeighting)})
    assert found['model']['loss_weighting']['weights'] == {'depth': 2.0}


def test_what_both_types_inherit_is_kept():
    """``clip_grad`` is an argument of OptimWrapper, and the optimizer belongs to the place."""
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        found = changed({'optim_wrapper.type': 'mmmtl.FiniteOptimWrapper'})['optim_wrapper']
    assert found == {**CONFIG['optim_wrapper'], 'type': 'mmmtl.FiniteOptimWrapper'}


def test_another_way_to_clip_gradients_drops_the_options_of_the_first():
    config = Config(dict(optim_wrapper=dict(clip_grad=dict(type='norm', max_norm=1))))
    with pytest.warns(UserWarning, match='norm became value; dropped its options max_norm'):
        apply_changes(config, {'optim_wrapper.clip_grad': dict(type='value', clip_value=2)})
    assert config.optim_wrapper.clip_grad == dict(type='value', clip_value=2)


def test_values_are_copied():
    part = dict(x=[1])
    first, second = Config(CONFIG), Config(CONFIG)
    for config in (first, second):
        apply_changes(config, {'part': part})
    first.part.x.append(2)
    assert second.part.x == [1] and part == {'x': [1]}


@pytest.fixture
def own_backbone(tmp_path, monkeypatch) -> str:
    """The module of a project that registers `OwnBackbone`, not yet imported."""
    name = f'own_parts_{tmp_path.name}'
    (tmp_path / f'{name}.py').write_text(
        'from torch import nn\n'
        'from mmmtl.registry import MODELS\n'
        '@MODELS.register_module(force=True)\n'
        'class OwnBackbone(nn.Module):\n    pass\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    MODELS.module_dict.pop('OwnBackbone', None)


@pytest.mark.parametrize('listed', ['in the config', 'in the changes'])
def test_changes_name_what_custom_imports_register(own_backbone, listed):
    imports = {'custom_imports.imports': [own_backbone]}
    config = Config(dict(custom_imports=dict(imports=[own_backbone] if listed == 'in the config' else [])))
    config.merge_from_dict(dict(backbone=dict(type='mmmtl.ConvHead', channels=3)))
    changes = {'backbone.type': 'mmmtl.OwnBackbone'} | (imports if listed == 'in the changes' else {})
    with pytest.warns(UserWarning, match='ConvHead became OwnBackbone; dropped its options channels'):
        apply_changes(config, changes)
    assert config.backbone == {'type': 'mmmtl.OwnBackbone'}
