"""Check every part of a config: its type exists, accepts the given arguments, and their values have the right type."""

from collections.abc import Callable, Mapping
from typing import Any

from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner, TestLoop, ValLoop
from torch.utils.data import DataLoader

from mmmtl.configuration.config_changes import BUILDER_KEYS, DEFAULT_TYPES, LITERAL_TYPES
from mmmtl.configuration.resolve_type import did_you_mean, resolve_type
from mmmtl.configuration.signatures import ANYTHING, accepted_arguments, argument_types
from mmmtl.configuration.type_mismatch import type_mismatch
from mmmtl.errors import ConfigError
from mmmtl.hooks import IntervalLogProcessor

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# {config path of a dict with an implicit type: (the type, keys that MMEngine pops before building it)}
IMPLICIT_TYPES: dict[str, tuple[Callable, set[str]]] = {
    **dict.fromkeys(DATALOADERS, (DataLoader, {'num_batch_per_epoch'})),
    'val_cfg': (ValLoop, set()),
    'test_cfg': (TestLoop, set()),
    'log_processor': (IntervalLogProcessor, set()),
    'randomness': (Runner.set_randomness, set()),
    **{path: (kind, BUILDER_KEYS.get(path, set())) for path, kind in DEFAULT_TYPES.items()},
}
TYPED_CHILDREN = {'tasks', 'default_hooks'}  # each of their entries has a type
# {config path of a dict without a type: its known keys}; MMEngine does not check them
UNTYPED = {
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
# keys whose dict must have a type
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
# keys whose values are not checked here
UNCHECKED = {'custom_imports', 'protocol', 'compile', 'auto_scale_lr'}
# arguments of a scheduler that MMEngine's builder adds or pops
SCHEDULER_KEYS = {'begin', 'end', 'by_epoch', 'convert_to_iter_based', '_scope_'}
POPPED_BY_MODEL = {PretrainedInit: {'min_matched'}}  # keys that the model pops before the part is built
# {config path: {key: type}} that MMEngine does not annotate
EXTRA_TYPES = {'randomness': {'seed': int}}
# {config path: {key: smallest allowed integer}}
MINIMUM = {
    **dict.fromkeys(DATALOADERS, {'batch_size': 1, 'num_workers': 0}),
    'train_cfg': {'max_epochs': 1, 'max_iters': 1, 'val_interval': 1},
}


def check_parts(node: Any, path: str = '') -> None:
    """Check the type, the arguments and the argument values of every part of a config.

    Args:
        node: A config or a part of one.
        path: Path of ``node`` in the config, for messages.

    Raises:
        ConfigError: A type or an argument is unknown, or a value has the wrong type. The message names the entry, and
            the most similar known name if there is one.
    """
    if isinstance(node, list | tuple):
        for index, item in enumerate(node):
            check_parts(item, f'{path}[{index}]')
    if not isinstance(node, dict):
        if isinstance(node, LazyObject | LazyAttr):
            resolve_type(node, path)
        return
    target, extra = _implicit_type(path, node) or (None, set())
    if 'type' in node:
        target = resolve_type(node['type'], f'{path}.type')
    if target is not None:
        known = accepted_arguments(target)
        if path.startswith('param_scheduler'):
            extra = extra | SCHEDULER_KEYS
        extra = extra | POPPED_BY_MODEL.get(target, set())
        for key in node:
            if known is not ANYTHING and key not in known and key not in extra and key not in ('type', '_scope_'):
                raise ConfigError(
                    f'{path}.{key}: {target.__name__} takes no argument {key!r}{did_you_mean(key, known | extra)}'
                )
        _check_values(node, path, target)
    if path in UNTYPED:
        for key in set(node) - UNTYPED[path]:
            raise ConfigError(f'{path}.{key}: unknown{did_you_mean(key, UNTYPED[path])}')
        return
    for key, value in node.items():
        child = f'{path}.{key}' if path else key
        if isinstance(value, dict) and 'type' not in value and (path in TYPED_CHILDREN or key in TYPED):
            typed = {name for name, other in node.items() if isinstance(other, dict) and 'type' in other}
            raise ConfigError(f'{child}: has no type{did_you_mean(key, typed)}')
        if isinstance(value, dict) and key in LITERAL_TYPES:
            _check_literal_type(value, child, LITERAL_TYPES[key])
            continue
        own_constructor = key == 'paramwise_cfg' and 'constructor' in node
        if key not in UNCHECKED and key != 'type' and not own_constructor:
            check_parts(value, child)


def _check_literal_type(node: Mapping, path: str, allowed: tuple[str, ...]) -> None:
    name = node.get('type', allowed[0])
    if name not in allowed:
        raise ConfigError(f'{path}.type: expected {" or ".join(map(repr, allowed))}, found {name!r}')


def _implicit_type(path: str, node: dict) -> tuple[Callable, set[str]] | None:
    if path == 'train_cfg':
        return (EpochBasedTrainLoop if node.get('by_epoch', 'max_epochs' in node) else IterBasedTrainLoop), {'by_epoch'}
    return IMPLICIT_TYPES.get(path)


def _check_values(node: Mapping, path: str, target: Callable) -> None:
    types = {**argument_types(target), **EXTRA_TYPES.get(path, {})}
    for key, value in node.items():
        if isinstance(value, float) and path.startswith('param_scheduler'):  # a schedule may end within an epoch
            continue
        if key != 'type' and (wrong := type_mismatch(value, types.get(key, Any))):
            raise ConfigError(f'{path}.{key}{wrong}')
    for key, minimum in MINIMUM.get(path, {}).items():
        value = node.get(key, minimum)
        if not isinstance(value, int) or value < minimum:
            bound = f' of at least {minimum}' if isinstance(value, int | float) else ''
            raise ConfigError(f'{path}.{key}: expected a whole number{bound}, found {value!r}')
