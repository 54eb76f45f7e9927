"""Load a config and check it: every name is resolved, every key is known, tasks are passed to all parts."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.runner import Runner

from mmmtl.configuration.class_names import read_class_names
from mmmtl.configuration.config_changes import apply_changes, entry_at
from mmmtl.configuration.config_check import DATALOADERS, check_parts
from mmmtl.configuration.custom_modules import import_custom_modules
from mmmtl.configuration.departures import check_evaluation, take_evaluation
from mmmtl.configuration.learning_rate_scale import check_learning_rate_scale
from mmmtl.configuration.monitored_metrics import set_monitor_rules
from mmmtl.configuration.recipes import read_recipe
from mmmtl.configuration.required_arguments import check_dataset_arguments
from mmmtl.configuration.resolve_type import did_you_mean, resolve_type
from mmmtl.configuration.signatures import ANYTHING, accepted_arguments, argument_types
from mmmtl.configuration.train_units import set_train_units
from mmmtl.configuration.trained_for import complete_trained_for
from mmmtl.configuration.type_mismatch import type_mismatch
from mmmtl.errors import ConfigError

EVALUATORS = ('val_evaluator', 'test_evaluator')
TOP_LEVEL = {
    'tasks',
    'protocol',
    'trained_for',
    'custom_imports',
    'model_wrapper_cfg',
    'activation_checkpointing',
    'compile',
    'sync_bn',
    'env_cfg',
    'work_dir',
    'find_unused_parameters',
    'resume_despite',
}


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config, apply options, check it and pass its ``tasks`` to the model, the datasets and the metrics.

    Args:
        path: A config file, or a row of a table as ``FILE.py::ROW``.
        options: ``{'a.b.c': value}``, as given by ``--cfg-options``; see `apply_changes`.

    Returns:
        The complete config, from which MMEngine's runner and registries can build.

    Raises:
        ConfigError: A file, name or key is unknown, or a value has the wrong type. The message names it and the most
            similar known name.
    """
    config = read_recipe(path)
    changes = dict(options or {})
    first = {key: changes.pop(key) for key in [*changes] if key.partition('.')[0] in ('custom_imports', 'protocol')}
    apply_changes(config, first)
    remove_delete_keys(config._cfg_dict)
    import_custom_modules(config)
    take_evaluation(config)
    apply_changes(config, changes)
    remove_delete_keys(config._cfg_dict)
    for key in options or {}:
        if key.startswith('_'):
            raise ConfigError(
                f'{key}: a private variable of the config file has no effect once the file is read; set the '
                'keys that were computed from it'
            )
    read_class_names(config)
    known = {*inspect.signature(Runner).parameters, *TOP_LEVEL} - {'cfg'}
    types = argument_types(Runner)
    top_level = config._to_lazy_dict()
    for key, value in top_level.items():
        if isinstance(value, LazyObject | LazyAttr):  # an import of the config
            resolve_type(value, f'{path}: {key}')
        elif key not in known and not key.startswith('_'):
            raise ConfigError(
                f'{path}: unknown key {key!r}{did_you_mean(key, known)}; a private variable of the config file begins '
                'with an underscore'
            )
        elif wrong := type_mismatch(value, types.get(key, Any)):
            raise ConfigError(f'{key}{wrong}')
    check_learning_rate_scale(config.get('auto_scale_lr'))
    if config.get('sync_bn') not in (None, 'torch', 'mmcv'):
        raise ConfigError(f"sync_bn must be None, 'torch' or 'mmcv', found {config.sync_bn!r}")
    check_parts({key: value for key, value in top_level.items() if not key.startswith('_')})
    set_tasks(config)
    check_dataset_arguments(config)
    complete_trained_for(config)
    set_argument(config, 'trained_for')
    check_shared_options(config, changes)
    set_train_units(config)
    set_monitor_rules(config)
    check_evaluation(config)
    config.setdefault('default_scope', None)  # names are looked up in the registry they belong to
    return config


def remove_delete_keys(node: Any) -> None:
    """Remove the key ``_delete_`` from all dicts below a node, in place; no lazy name is resolved."""
    if isinstance(node, dict):
        dict.pop(node, '_delete_', None)
    for child in dict.values(node) if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        remove_delete_keys(child)


def set_tasks(config: Config) -> None:
    """Pass the config's ``tasks`` to the model and to every dataset and metric with an argument of that name.

    This runs after options and base configs are merged, so that a change of ``tasks`` reaches all parts. Tasks that are
    None are removed.

    Raises:
        ConfigError: The config has no dict ``tasks``.
    """
    if not isinstance(config.get('tasks'), dict):
        raise ConfigError(
            'tasks: the config has none; write e.g. tasks = dict(depth=dict(type=Depth)), or import a '
            "dataset's base file, which defines them"
        )
    for name in [name for name, task in config.tasks.items() if task is None]:
        del config.tasks[name]
    if 'model' in config:
        config.model['tasks'] = config.tasks
    set_argument(config, 'tasks')


def check_shared_options(config: Config, options: Mapping[str, Any]) -> None:
    """Check that no option changes the tasks or ``trained_for`` of one part, which the config's have replaced.

    Raises:
        ConfigError: An option does, such as ``model.tasks.depth.weight``.
    """
    for key in options:
        for shared in ('tasks', 'trained_for'):
            part, found, rest = f'{key}.'.partition(f'.{shared}.')
            node = entry_at(config._cfg_dict, part) if found else None
            if isinstance(node, dict) and shared in node and node[shared] == config.get(shared):
                option = f'{shared}.{rest}'.removesuffix('.')
                raise ConfigError(
                    f'{key} has no effect, because all parts get the {shared} of the config; set {option}'
                )


def set_argument(config: Config, key: str) -> None:
    """Pass a top-level entry to all parts of data loaders and evaluators that accept an argument of that name."""
    for name in (*DATALOADERS, *EVALUATORS):
        if config.get(name):
            _set_in_parts(config[name], name, key, config.get(key))


def _set_in_parts(node: Any, path: str, key: str, value: Any) -> None:
    for name, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list | tuple):
            _set_in_parts(child, f'{path}.{name}', key, value)
    if isinstance(node, dict) and 'type' in node:
        known = accepted_arguments(resolve_type(node['type'], f'{path}.type'))
        if known is not ANYTHING and key in known:
            node[key] = value
