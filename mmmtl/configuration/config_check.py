"""Every part of a config: its type is known, and takes the arguments that it is given, with values of their kind."""

from collections.abc import Callable, Mapping
from typing import Any

from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner, TestLoop, ValLoop
from torch.utils.data import DataLoader

from mmmtl.configuration.config_changes import BUILDER_KEYS, DEFAULT_TYPES
from mmmtl.configuration.resolve_type import did_you_mean, resolve_type
from mmmtl.configuration.signatures import ANYTHING, accepted_arguments, argument_types
from mmmtl.configuration.type_mismatch import type_mismatch
from mmmtl.errors import ConfigError
from mmmtl.hooks import IntervalLogProcessor

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# dicts, by their place, whose type goes without saying; what MMEngine takes out of them before the type sees them
IMPLICIT_TYPES: dict[str, tuple[Callable, set[str]]] = {
    **dict.fromkeys(DATALOADERS, (DataLoader, {'num_batch_per_epoch'})),
    'val_cfg': (ValLoop, set()),
    'test_cfg': (TestLoop, set()),
    'log_processor': (IntervalLogProcessor, set()),
    'randomness': (Runner.set_randomness, set()),
    **{path: (kind, BUILDER_KEYS.get(path, set())) for path, kind in DEFAULT_TYPES.items()},
}
TYPED_CHILDREN = {'tasks', 'default_hooks'}  # each of their entries names its type
# dicts, by their place, that have no type at all and whose keys MMEngine does not check
PLAIN = {
    'trained_for': {'size', 'field_of_view'},
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
    'optim_wrapper.paramwise_cfg': {
        'custom_keys',
        'bias_lr_mult',
        'bias_decay_mult',
        'norm_decay_mult',
        'dwconv_decay_mult',
        'flat_decay_mult',
        'dcn_offset_lr_mult',
        'bypass_duplicate',
    },
}
TYPED = {
    'model',
    'backbone',
    'neck',
    'decode_head',
    'head',
    'init_cfg',
    'dataset',
    'sampler',
    'label_setting',
    'held_out',
    'optimizer',
}
FREE = {'custom_imports', 'protocol', 'compile', 'model_wrapper_cfg', 'auto_scale_lr'}
GIVEN_BY_BUILDERS = {'begin', 'end', 'by_epoch', 'convert_to_iter_based', '_scope_'}
TAKEN_FROM = {PretrainedInit: {'min_matched'}}  # what the model takes out of them before the type sees them
# by place, what its argument must be where the signature does not state it
STATED_TYPES = {'randomness': {'seed': int}}
# by place, whole numbers and the least that each can be
LEAST = {
    **dict.fromkeys(DATALOADERS, {'batch_size': 1, 'num_workers': 0}),
    'train_cfg': {'max_epochs': 1, 'max_iters': 1, 'val_interval': 1},
}


def check_parts(node: Any, path: str = '') -> None:
    """Check every part of a config below ``path``: its name, its arguments and the kind of their values.

    Raises:
        ConfigError: The message names the entry, and the nearest known name where there is one.
    """
    if isinstance(node, list | tuple):
        for number, item in enumerate(node):
            check_parts(item, f'{path}[{number}]')
    if not isinstance(node, dict):
        if isinstance(node, LazyObject | LazyAttr):
            resolve_type(node, path)
        return
    silent = _implicit_type(path, node)
    if 'type' in node or silent:
        target, extra = silent or (None, set())
        target = resolve_type(node['type'], f'{path}.type') if 'type' in node else target
        known = accepted_arguments(target)
        if path.startswith('param_scheduler'):
            extra = extra | GIVEN_BY_BUILDERS
        extra = extra | TAKEN_FROM.get(target, set())
        for key in node:
            if known is not ANYTHING and key not in known and key not in extra and key not in ('type', '_scope_'):
                raise ConfigError(
                    f'{path}.{key}: {target.__name__} takes no argument {key!r}{did_you_mean(key, known | extra)}'
                )
        _check_values(node, path, target)
    if path in PLAIN:
        for key in set(node) - PLAIN[path]:
            raise ConfigError(f'{path}.{key}: unknown{did_you_mean(key, PLAIN[path])}')
        return
    for key, value in node.items():
        place = f'{path}.{key}' if path else key
        if isinstance(value, dict) and 'type' not in value and (path in TYPED_CHILDREN or key in TYPED):
            typed = {name for name, other in node.items() if isinstance(other, dict) and 'type' in other}
            raise ConfigError(f'{place}: names no type{did_you_mean(key, typed)}')
        own_constructor = key == 'paramwise_cfg' and 'constructor' in node
        if key not in FREE and key != 'type' and not own_constructor:
            check_parts(value, place)


def _implicit_type(path: str, node: dict) -> tuple[Callable, set[str]] | None:
    if path == 'train_cfg':
        return (EpochBasedTrainLoop if node.get('by_epoch', 'max_epochs' in node) else IterBasedTrainLoop), {'by_epoch'}
    return IMPLICIT_TYPES.get(path)


def _check_values(node: Mapping, path: str, target: Callable) -> None:
    types = {**argument_types(target), **STATED_TYPES.get(path, {})}
    for key, value in node.items():
        if isinstance(value, float) and path.startswith('param_scheduler'):  # a schedule may end amid an epoch
            continue
        if key != 'type' and (wrong := type_mismatch(value, types.get(key, Any))):
            raise ConfigError(f'{path}.{key}{wrong}')
    for key, least in LEAST.get(path, {}).items():
        value = node.get(key, least)
        if not isinstance(value, int) or value < least:
            bound = f' of at least {least}' if isinstance(value, int | float) else ''
            raise ConfigError(f'{path}.{key}: expected a whole number{bound}, found {value!r}')
