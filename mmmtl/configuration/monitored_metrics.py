"""Fill in, from the tasks, whether a monitored metric is better when it is higher or lower."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.optim import ReduceOnPlateauParamScheduler

from mmmtl.configuration.protocols import compared_metrics
from mmmtl.configuration.resolve_type import class_of, resolve_type
from mmmtl.errors import ConfigError

MONITOR_KEYS = {CheckpointHook: 'save_best', EarlyStoppingHook: 'monitor', ReduceOnPlateauParamScheduler: 'monitor'}


def set_monitor_rules(config: Config) -> None:
    """Set ``rule`` of every hook and schedule that monitors a metric and has no rule.

    The rule is that of the task for its compared metric. For other metrics, it is inferred from the name (mIoU, acc,
    loss, ...) as MMEngine's hooks do; MMEngine's schedules infer none. Early stopping becomes
    `mmmtl.EarlyStoppingHook`, whose state is saved in checkpoints.

    Raises:
        ConfigError: A metric belongs to none of the tasks, or its rule is neither given nor can be inferred.
    """
    for path, node, monitor_key in _monitors(config):
        metrics = node.get(monitor_key)
        if metrics in (None, False, True, 'auto'):
            continue
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        _check_tasks(config, names, f'{path}.{monitor_key}')
        if node.get('rule') is not None:
            continue
        higher = compared_metrics(config, names)
        rules = []
        for name in names:
            is_higher_better = higher.get(name)
            rule = _infer(name, node) if is_higher_better is None else 'greater' if is_higher_better else 'less'
            if rule is None:
                raise ConfigError(
                    f'{path}.rule: cannot infer whether a higher or a lower {name!r} is better; '
                    "set rule='greater' or rule='less'"
                )
            rules.append(rule)
        node['rule'] = rules[0] if isinstance(metrics, str) else rules


def _infer(metric: str, hook: dict) -> str | None:
    """Return the rule that MMEngine's hooks infer from the name of a metric; None if the name does not tell.

    The options ``greater_keys`` and ``less_keys`` of `CheckpointHook` list names, and parts of names, that tell.
    """
    keys = {option: hook[option] for option in ('greater_keys', 'less_keys') if hook.get(option) is not None}
    try:
        return CheckpointHook(save_best=metric, **keys).rules[0]
    except ValueError:
        return None


def _check_tasks(config: Config, names: list[str], path: str) -> None:
    """Check that each name contains a task; this holds for the metrics of this package only."""
    metrics = config.get('val_evaluator') or []
    metrics = [metrics] if isinstance(metrics, dict) else metrics
    classes = [resolve_type(metric['type'], 'val_evaluator.type') for metric in metrics]
    if not all(metric.__module__.startswith('mmmtl.') for metric in classes):
        return
    for name in names:
        parts = [part for part in name.split('/') for task in config.tasks if f'{part}_'.startswith(f'{task}_')]
        if classes and not parts:
            raise ConfigError(f'{path}: {name!r} is not a metric of any task ({", ".join(config.tasks)})')


def _monitors(config: Config) -> Iterator[tuple[str, dict, str]]:
    """Yield the path of each hook and schedule that monitors a metric, its config, and its key for the metric."""
    schedules = config.get('param_scheduler') or []
    parts: list[tuple[str, Any]] = [
        *((f'default_hooks.{name}', hook) for name, hook in (config.get('default_hooks') or {}).items()),
        *((f'custom_hooks[{i}]', hook) for i, hook in enumerate(config.get('custom_hooks') or [])),
        *(
            (f'param_scheduler[{i}]', schedule)
            for i, schedule in enumerate([schedules] if isinstance(schedules, dict) else schedules)
        ),
    ]
    for path, node in parts:
        if not isinstance(node, dict):
            continue
        target = class_of(node, path)
        if target is EarlyStoppingHook:
            node['type'] = 'mmmtl.EarlyStoppingHook'
        for ancestor in target.__mro__:
            if ancestor in MONITOR_KEYS:
                yield path, node, MONITOR_KEYS[ancestor]
