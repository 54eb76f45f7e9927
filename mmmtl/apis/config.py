"""Configs that fail early: every name resolved, every key known, the tasks read from one place."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine import registry as mmengine_registries
from mmengine.config import Config
from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.optim import OptimWrapper
from mmengine.registry import Registry
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, LogProcessor, Runner, TestLoop, ValLoop
from torch.utils.data import DataLoader

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
EVALUATORS = ('val_evaluator', 'test_evaluator')
TOP_LEVEL = {'tasks', 'protocol', 'custom_imports', 'model_wrapper_cfg', 'activation_checkpointing', 'compile',
             'env_cfg', 'work_dir'}
# dicts whose type goes without saying; what MMEngine takes out of them before the type sees them
SILENT_TYPES: dict[str, tuple[Callable, set[str]]] = {
    **{name: (DataLoader, {'num_batch_per_epoch'}) for name in DATALOADERS},
    'val_cfg': (ValLoop, set()), 'test_cfg': (TestLoop, set()),
    'optim_wrapper': (OptimWrapper, {'constructor', 'paramwise_cfg', 'optimizer'}),
    'log_processor': (LogProcessor, set()),
    'randomness': (Runner.set_randomness, set()),
}
FREE = {'env_cfg', 'custom_imports', 'protocol', 'compile', 'model_wrapper_cfg', 'paramwise_cfg', 'auto_scale_lr'}
GIVEN_BY_BUILDERS = {'begin', 'end', 'by_epoch', 'convert_to_iter_based', '_scope_'}


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config, apply options, check all of it and hand its ``tasks`` to model, data sets and metrics.

    Args:
        path: A Python config.
        options: ``{'a.b.c': value}``, as ``--cfg-options`` gives them.

    Raises:
        ConfigError: A file, name or key is unknown; the message names it and the nearest known one.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f'{path}: no such config')
    try:
        config = Config.fromfile(path)
        config.merge_from_dict(dict(options or {}))
    except Exception as error:  # whatever a Python file can raise
        raise ConfigError(f'{path}: {type(error).__name__}: {_last_line(error)}') from error
    known = {*inspect.signature(Runner).parameters, *TOP_LEVEL} - {'cfg'}
    top_level = config._to_lazy_dict()
    for key, value in top_level.items():
        if isinstance(value, LazyObject | LazyAttr):  # an import of the config
            resolve(value, f'{path}: {key}')
        elif key not in known and not key.startswith('_'):
            raise ConfigError(f'{path}: unknown key {key!r}{nearest(key, known)}; a helper of the config itself begins '
                              'with an underscore')
    for key, value in top_level.items():
        if not key.startswith('_') and key not in FREE:
            _check(value, key, silent=_silent_type(key, value))
    hand_out_tasks(config)
    config.setdefault('default_scope', None)  # names are looked up where they are registered, without a search
    return config


def hand_out_tasks(config: Config) -> None:
    """Give the config's ``tasks`` to the model, and to every data set and metric that takes them.

    It is done after all options and child configs, so a change of ``tasks`` reaches all of them alike.
    """
    if 'tasks' not in config:
        raise ConfigError("the config names no tasks; write e.g. tasks = dict(depth=dict(type=Depth)), or import a data "
                          "set's base file, which has them")
    if 'model' in config:
        config.model['tasks'] = config.tasks
    for name in (*DATALOADERS, *EVALUATORS):
        if config.get(name):
            _give_tasks(config[name], config.tasks)


def _give_tasks(node: Any, tasks: Mapping) -> None:
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list | tuple):
            _give_tasks(child, tasks)
    if isinstance(node, dict) and 'type' in node:
        known = accepted_arguments(resolve(node['type'], ''))
        if known is not ANYTHING and 'tasks' in known:
            node['tasks'] = tasks


def _silent_type(key: str, value: Any) -> tuple[Callable, set[str]] | None:
    if key == 'train_cfg' and isinstance(value, dict):
        return (EpochBasedTrainLoop if value.get('by_epoch', 'max_epochs' in value) else IterBasedTrainLoop), {'by_epoch'}
    return SILENT_TYPES.get(key)


def _check(node: Any, path: str, silent: tuple[Callable, set[str]] | None = None) -> None:
    if isinstance(node, list | tuple):
        for number, item in enumerate(node):
            _check(item, f'{path}[{number}]')
    if not isinstance(node, dict):
        if isinstance(node, LazyObject | LazyAttr):
            resolve(node, path)
        return
    if 'type' in node or silent:
        target, extra = (resolve(node['type'], f'{path}.type'), silent[1] if silent else set()) if 'type' in node else silent
        known = accepted_arguments(target)
        if path.startswith('param_scheduler'):
            extra = extra | GIVEN_BY_BUILDERS
        for key in node:
            if known is not ANYTHING and key not in known and key not in extra and key not in ('type', '_scope_'):
                raise ConfigError(f'{path}.{key}: {target.__name__} takes no argument {key!r}{nearest(key, known | extra)}')
    for key in node:
        if key not in FREE and key != 'type':
            _check(node[key], f'{path}.{key}')


class _Anything(frozenset):
    """The arguments of a callable that takes any."""

    def __contains__(self, key: object) -> bool:
        return True


ANYTHING = _Anything()


def accepted_arguments(target: Callable) -> frozenset[str] | set[str]:
    """Names that a class or function takes; where it hands on ``**kwargs``, those of its ancestors too."""
    if not inspect.isclass(target):
        parameters = inspect.signature(target).parameters.values()
        return ANYTHING if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters} - {'self'}
    names: set[str] = set()
    for ancestor in inspect.getmro(target):
        if '__init__' in vars(ancestor) and ancestor is not object:
            parameters = inspect.signature(vars(ancestor)['__init__']).parameters.values()
            names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                return names - {'self'}
    return ANYTHING if names else set()  # the last ancestor took **kwargs; or there is no __init__ at all


def resolve(name: Any, path: str) -> Callable:
    """A class, a lazily imported one, or a registered name -> the class.

    Raises:
        ConfigError: There is no such name.
    """
    if isinstance(name, LazyObject | LazyAttr):
        try:
            return name.build()
        except Exception as error:
            raise ConfigError(f'{path}: {_last_line(error)}{_nearest_attribute(name)}') from None
    if not isinstance(name, str):
        return name
    registries = [TASKS, *(r for r in vars(mmengine_registries).values() if isinstance(r, Registry))]
    for registry in [*(child for r in registries for child in r.children.values()), *registries]:
        found = registry.get(name)
        if found is not None:
            return found
    known = {key if child.scope == 'mmengine' else f'{child.scope}.{key}'
             for r in registries for child in (r, *r.children.values()) for key in child.module_dict}
    raise ConfigError(f'{path}: {name!r} is not registered{nearest(name, known)}; a project\'s own names need '
                      'custom_imports')


def nearest(word: str, known: Iterable[str]) -> str:
    """'; did you mean X?' or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f'; did you mean {close[0]!r}?' if close else ''


def _nearest_attribute(name: LazyObject | LazyAttr) -> str:
    if not isinstance(name, LazyAttr):
        return ''
    try:
        return nearest(name.name, dir(name.source.build() if isinstance(name.source, LazyObject) else name.source))
    except Exception:  # the module itself is missing: the error has said so
        return ''


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
