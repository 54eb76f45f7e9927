"""Config files that inherit: a part of a different type replaces that of the base file; MMEngine stays as it was."""

import warnings
from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict

from mmmtl.apis import load_config
from mmmtl.configuration.child_configs import parts_replaced_in_files
from mmmtl.configuration.load_config import remove_delete_keys
from mmmtl.errors import ConfigError

BASE = """
from mmmtl.models.decode_heads import ASPPHead
model = dict(head=dict(type=ASPPHead, in_index=-1, low_level_index=0))
"""
CHILD = """
from mmengine.config import read_base
from mmmtl.models.decode_heads import ConvHead
with read_base():
    from .base import *
model.update(head=dict(type=ConvHead))
"""


@pytest.mark.parametrize('lazy', [True, False])
def test_a_part_of_another_type_in_a_child_config(tmp_path, lazy):
    (tmp_path / 'base.py').write_text(BASE if lazy else "model = dict(head=dict(type='mmmtl.ASPPHead', in_index=1))")
    child = tmp_path / 'child.py'
    child.write_text(CHILD if lazy else "_base_ = './base.py'\nmodel = dict(head=dict(type='mmmtl.ConvHead'))")
    with parts_replaced_in_files(), pytest.warns(UserWarning, match='ASPPHead.* became .*ConvHead; dropped .*in_index'):
        config = Config.fromfile(child)
    assert list(config.model.head) == ['type']
    assert list(Config.fromfile(child).model.head) != ['type']  # MMEngine is as it was


def test_a_name_and_the_class_that_it_means_are_one_type(tmp_path):
    (tmp_path / 'base.py').write_text(BASE.replace('type=ASPPHead', "type='mmmtl.ASPPHead'"))
    child = tmp_path / 'child.py'
    child.write_text(CHILD.replace('ConvHead', 'ASPPHead'))
    with parts_replaced_in_files(), warnings.catch_warnings():
        warnings.simplefilter('error')
        config = Config.fromfile(child)
    assert set(config.model.head) == {'type', 'in_index', 'low_level_index'}


def test_patches_of_mmengine_are_undone():
    update, merge = ConfigDict.update, Config._merge_a_into_b
    with pytest.raises(ConfigError):
        load_config(Path('absent.py'))
    with pytest.raises(RuntimeError), parts_replaced_in_files():
        raise RuntimeError
    assert ConfigDict.update is update and Config._merge_a_into_b is merge


IMPLICIT = dict(loss_weighting=dict(weights=dict(depth=2.0)))


@pytest.mark.parametrize('lazy', [True, False])
def test_the_implicit_type_of_a_part_counts_in_a_child_config(tmp_path, lazy):
    (tmp_path / 'base.py').write_text(f'model = {IMPLICIT}')
    change = "dict(loss_weighting=dict(type='mmmtl.MGDA'))"
    child = tmp_path / 'child.py'
    child.write_text(
        f'from mmengine.config import read_base\nwith read_base():\n    from .base import *\nmodel.update({change})'
        if lazy
        else f"_base_ = './base.py'\nmodel = {change}"
    )
    with parts_replaced_in_files(), pytest.warns(UserWarning, match='FixedWeighting became MGDA; dropped .*weights'):
        assert list(Config.fromfile(child).model.loss_weighting) == ['type']


@pytest.mark.parametrize('lazy', [True, False])
@pytest.mark.parametrize('path', ['neck', 'neck.encoder'])
def test_a_child_config_replaces_a_part_with_a_delete_key(tmp_path, lazy, path):
    parts = dict(neck=dict(type='mmmtl.A', width=1, encoder=dict(type='mmmtl.B', depth=2)))
    (tmp_path / 'base.py').write_text(f'model = {parts}')
    change = dict(_delete_=True, type='mmmtl.B', taps=3)
    change = dict(neck=change) if path == 'neck' else dict(neck=dict(encoder=change))
    (tmp_path / 'child.py').write_text(
        f'from mmengine.config import read_base\nwith read_base():\n    from .base import *\nmodel.update({change})'
        if lazy
        else f"_base_ = './base.py'\nmodel = {change}"
    )
    with parts_replaced_in_files():
        found = Config.fromfile(tmp_path / 'child.py').model
    remove_delete_keys(found)
    replaced = dict(type='mmmtl.B', taps=3)
    assert found.neck == (replaced if path == 'neck' else {**parts['neck'], 'encoder': replaced})


@pytest.mark.parametrize('lazy', [True, False])
def test_a_child_config_keeps_what_both_types_inherit(tmp_path, lazy):
    """``pipeline`` and ``tasks`` are arguments of every dataset, ``scenes`` of generated rooms alone."""
    base = dict(type='mmmtl.SyntheticRooms', scenes=2, pipeline=[1], tasks=dict(a=1))
    (tmp_path / 'base.py').write_text(f'loader = dict(dataset={base})')
    change = "dict(dataset=dict(type='mmmtl.PosedViews', root='x'))"
    child = tmp_path / 'child.py'
    child.write_text(
        f'from mmengine.config import read_base\nwith read_base():\n    from .base import *\nloader.update({change})'
        if lazy
        else f"_base_ = './base.py'\nloader = {change}"
    )
    with parts_replaced_in_files(), pytest.warns(UserWarning, match='became PosedViews; dropped its options scenes$'):
        found = Config.fromfile(child).loader.dataset
    assert found == dict(type='mmmtl.PosedViews', root='x', pipeline=[1], tasks=dict(a=1))
