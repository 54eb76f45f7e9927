"""The value of a ``type`` key: what is neither a name nor callable, and paths in messages."""

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.hooks import EarlyStoppingHook

from mmmtl.configuration.config_changes import apply_changes
from mmmtl.configuration.monitored_metrics import set_monitor_rules
from mmmtl.configuration.resolve_type import class_of, is_a, resolve_type
from mmmtl.configuration.trained_for import size_in_training
from mmmtl.datasets.transforms import Resize
from mmmtl.errors import ConfigError


def build_hook() -> EarlyStoppingHook:
    return EarlyStoppingHook('depth/rmse')


@pytest.mark.parametrize('value', [3, None, {}])
def test_a_value_that_is_neither_a_name_nor_callable(value):
    with pytest.raises(ConfigError, match=r'^model\.type: expected a class, a function or a registered name, found '):
        resolve_type(value, 'model.type')


def test_a_function_is_no_class():
    assert resolve_type(build_hook, 'x') is build_hook and not is_a({'type': build_hook}, 'x', EarlyStoppingHook)
    with pytest.raises(ConfigError, match=r'^train_cfg\.type: expected a class, found <function build_hook'):
        class_of({'type': build_hook}, 'train_cfg')
    with pytest.raises(ConfigError, match=r'^custom_hooks\[0\]\.type: expected a class, found <function build_hook'):
        set_monitor_rules(Config({'tasks': {}, 'custom_hooks': [ConfigDict(type=build_hook)]}))


def test_subclasses_and_names():
    assert is_a({'type': 'mmmtl.Resize'}, 'x', Resize)
    assert is_a({'type': 'mmmtl.EarlyStoppingHook'}, 'x', EarlyStoppingHook)


def test_a_name_that_is_not_registered_has_the_path_of_its_part():
    message = r"^train_dataloader\.dataset\.parts\.a\.pipeline\[1\]\.type: 'Resise' is not registered; did you mean"
    part = {'type': 'mmmtl.SyntheticRooms', 'pipeline': [{'type': 'mmmtl.LoadViews'}, {'type': 'Resise'}]}
    with pytest.raises(ConfigError, match=message):
        size_in_training({'parts': {'a': part}}, 'train_dataloader.dataset')


def test_a_list_element_without_a_type_can_be_skipped():
    config = Config({'pipeline': [{'size': 1}, {'type': 'mmmtl.Resize', 'size': 2}]})
    apply_changes(config, {'pipeline.Resize.size': 3})
    assert config.pipeline[1]['size'] == 3
