"""Configs that fail early: every name resolved, every key known, the tasks read from one place."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.model.weight_init import PretrainedInit
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner, TestLoop, ValLoop
from mmengine.utils import import_modules_from_strings
from torch.utils.data import DataLoader

from mmmtl.apis.config_changes import apply_changes
from mmmtl.apis.counting import hand_out_counting
from mmmtl.apis.monitored import fill_in_rules
from mmmtl.apis.names import nearest, resolve
from mmmtl.apis.protocol_check import check_protocol
from mmmtl.apis.recipes import read_recipe
from mmmtl.apis.signatures import ANYTHING, accepted_arguments, argument_types
from mmmtl.apis.trained_for import complete_trained_for
from mmmtl.apis.value_types import mismatch
from mmmtl.errors import ConfigError
from mmmtl.hooks import IntervalLogProcessor
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.loss_weighting import FixedWeighting

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
EVALUATORS = ('val_evaluator', 'test_evaluator')
TOP_LEVEL = {'tasks', 'protocol', 'trained_for', 'custom_imports', 'model_wrapper_cfg', 'activation_checkpointing',
             'compile', 'env_cfg', 'work_dir', 'find_unused_parameters', 'resume_despite'}
# dicts, by their place, whose type goes without saying; what MMEngine takes out of them before the type sees them
SILENT_TYPES: dict[str, tuple[Callable, set[str]]] = {
    **{name: (DataLoader, {'num_batch_per_epoch'}) for name in DATALOADERS},
    'val_cfg': (ValLoop, set()), 'test_cfg': (TestLoop, set()),
    'optim_wrapper': (OptimWrapper, {'constructor', 'paramwise_cfg', 'optimizer'}),
    'log_processor': (IntervalLogProcessor, set()),
    'randomness': (Runner.set_randomness, set()),
    'model.loss_weighting': (FixedWeighting, set()), 'model.data_preprocessor': (ViewPreprocessor, set()),
}
TYPED_CHILDREN = {'tasks', 'default_hooks'}  # each of their entries names its type
# dicts, by their place, that have no type at all and whose keys MMEngine does not check
PLAIN = {
    'trained_for': {'size', 'field_of_view'},
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
    'optim_wrapper.paramwise_cfg': {
        'custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'dwconv_decay_mult', 'flat_decay_mult',
        'dcn_offset_lr_mult', 'bypass_duplicate'},
}
TYPED = {'model', 'backbone', 'neck', 'decode_head', 'head', 'init_cfg', 'dataset', 'sampler', 'label_setting',
         'held_out', 'optimizer'}
FREE = {'custom_imports', 'protocol', 'compile', 'model_wrapper_cfg', 'auto_scale_lr'}
GIVEN_BY_BUILDERS = {'begin', 'end', 'by_epoch', 'convert_to_iter_based', '_scope_'}
TAKEN_FROM = {PretrainedInit: {'min_matched'}}  # what the model takes out of them before the type sees them
# by place, what its argument must be where the signature does not state it
STATED_TYPES = {'randomness': {'seed': int}}
# by place, whole numbers and the least that each can be
LEAST = {**dict.fromkeys(DATALOADERS, {'batch_size': 1, 'num_workers': 0}),
         'train_cfg': {'max_epochs': 1, 'max_iters': 1, 'val_interval': 1}}


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config, apply options, check all of it and hand its ``tasks`` to model, data sets and metrics.

    Args:
        path: A config file, or a row of a table as ``FILE.py::ROW``.
        options: ``{'a.b.c': value}``, as ``--cfg-options`` gives them.

    Raises:
        ConfigError: A file, name or key is unknown; the message names it and the nearest known one.
    """
    config = read_recipe(path)
    apply_changes(config, options or {})
    forget_deletions(config._cfg_dict)
    for key in options or {}:
        if key.startswith('_'):
            raise ConfigError(f'{key}: a helper of the config file has been used up when options are applied; set the '
                              'keys that were made from it')
    import_custom_modules(config, path)
    known = {*inspect.signature(Runner).parameters, *TOP_LEVEL} - {'cfg'}
    types = argument_types(Runner)
    top_level = config._to_lazy_dict()
    for key, value in top_level.items():
        if isinstance(value, LazyObject | LazyAttr):  # an import of the config
            resolve(value, f'{path}: {key}')
        elif key not in known and not key.startswith('_'):
            raise ConfigError(f'{path}: unknown key {key!r}{nearest(key, known)}; a helper of the config itself begins '
                              'with an underscore')
        elif wrong := mismatch(value, types.get(key, Any)):
            raise ConfigError(f'{key}{wrong}')
    _check({key: value for key, value in top_level.items() if not key.startswith('_')}, '')
    hand_out_tasks(config)
    complete_trained_for(config)
    hand_out(config, 'trained_for')
    hand_out_counting(config)
    fill_in_rules(config)
    check_protocol(config)
    config.setdefault('default_scope', None)  # names are looked up where they are registered, without a search
    return config


def forget_deletions(node: Any) -> None:
    """Remove the key ``_delete_`` wherever it stands; no lazy name is resolved."""
    if isinstance(node, dict):
        dict.pop(node, '_delete_', None)
    for child in dict.values(node) if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        forget_deletions(child)


def import_custom_modules(config: Config, path: Path) -> None:
    """Import what ``custom_imports`` names; MMEngine does it only for configs without imports of their own."""
    wanted = config.get('custom_imports') or {'imports': []}
    try:
        import_modules_from_strings(**wanted)
    except ImportError as error:
        raise ConfigError(f'{path}: custom_imports: {error.__context__ or error}; put the folder that holds the '
                          'package on PYTHONPATH') from error
    except TypeError:
        raise ConfigError(f"{path}: custom_imports: expected dict(imports=['a.b']), found {wanted}") from None


def hand_out_tasks(config: Config) -> None:
    """Give the config's ``tasks`` to the model, and to every data set and metric that takes them.

    It is done after all options and child configs, so a change of ``tasks`` reaches all of them alike. A task that is
    None is left out.
    """
    if not isinstance(config.get('tasks'), dict):
        raise ConfigError('the config names no tasks; write e.g. tasks = dict(depth=dict(type=Depth)), or import a '
                          "data set's base file, which has them")
    for name in [name for name, task in config.tasks.items() if task is None]:
        del config.tasks[name]
    if 'model' in config:
        config.model['tasks'] = config.tasks
    hand_out(config, 'tasks')


def hand_out(config: Config, key: str) -> None:
    """Give a top-level entry to all parts of data loaders and evaluators that take an argument of its name."""
    for name in (*DATALOADERS, *EVALUATORS):
        if config.get(name):
            _give(config[name], key, config.get(key))


def _give(node: Any, key: str, value: Any) -> None:
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list | tuple):
            _give(child, key, value)
    if isinstance(node, dict) and 'type' in node:
        known = accepted_arguments(resolve(node['type'], ''))
        if known is not ANYTHING and key in known:
            node[key] = value


def _silent_type(path: str, node: dict) -> tuple[Callable, set[str]] | None:
    if path == 'train_cfg':
        return (EpochBasedTrainLoop if node.get('by_epoch', 'max_epochs' in node) else IterBasedTrainLoop), {'by_epoch'}
    return SILENT_TYPES.get(path)


def _check(node: Any, path: str) -> None:
    if isinstance(node, list | tuple):
        for number, item in enumerate(node):
            _check(item, f'{path}[{number}]')
    if not isinstance(node, dict):
        if isinstance(node, LazyObject | LazyAttr):
            resolve(node, path)
        return
    silent = _silent_type(path, node)
    if 'type' in node or silent:
        target, extra = silent or (None, set())
        target = resolve(node['type'], f'{path}.type') if 'type' in node else target
        known = accepted_arguments(target)
        if path.startswith('param_scheduler'):
            extra = extra | GIVEN_BY_BUILDERS
        extra = extra | TAKEN_FROM.get(target, set())
        for key in node:
            if known is not ANYTHING and key not in known and key not in extra and key not in ('type', '_scope_'):
                raise ConfigError(f'{path}.{key}: {target.__name__} takes no argument {key!r}'
                                  f'{nearest(key, known | extra)}')
        _check_values(node, path, target)
    if path in PLAIN:
        for key in set(node) - PLAIN[path]:
            raise ConfigError(f'{path}.{key}: unknown{nearest(key, PLAIN[path])}')
        return
    for key, value in node.items():
        place = f'{path}.{key}' if path else key
        if isinstance(value, dict) and 'type' not in value and (path in TYPED_CHILDREN or key in TYPED):
            typed = {name for name, other in node.items() if isinstance(other, dict) and 'type' in other}
            raise ConfigError(f'{place}: names no type{nearest(key, typed)}')
        own_constructor = key == 'paramwise_cfg' and 'constructor' in node
        if key not in FREE and key != 'type' and not own_constructor:
            _check(value, place)


def _check_values(node: Mapping, path: str, target: Callable) -> None:
    types = {**argument_types(target), **STATED_TYPES.get(path, {})}
    for key, value in node.items():
        if isinstance(value, float) and path.startswith('param_scheduler'):  # a schedule may end amid an epoch
            continue
        if key != 'type' and (wrong := mismatch(value, types.get(key, Any))):
            raise ConfigError(f'{path}.{key}{wrong}')
    for key, least in LEAST.get(path, {}).items():
        value = node.get(key, least)
        if not isinstance(value, int) or value < least:
            bound = f' of at least {least}' if isinstance(value, int | float) else ''
            raise ConfigError(f'{path}.{key}: expected a whole number{bound}, found {value!r}')
