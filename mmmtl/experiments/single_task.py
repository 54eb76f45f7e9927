"""Derive the single-task baselines of a multi-task config: the same recipe with one task at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.protocols import protocol_of
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.experiments.checkpoint_selection import plain_config
from mmmtl.experiments.single_task_data import data_options, parts_of, write_label_list
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.optim import NamedGroups
from mmmtl.registry import DATASETS, MODELS
from mmmtl.tasks import build_tasks


def single_task_options(config: Config, folder: str | Path) -> dict[str, dict[str, Any]]:
    """Return ``{task: options}``; `load_config` of the multi-task config with these options gives the baseline.

    A baseline is trained on the images that have a label of its task in the multi-task config; a `LabelList` in
    ``folder`` lists them. These images also replace the others, in turn, so that network, batch, schedule and the
    number of steps are unchanged. Consistency losses are removed, with their ramps, second crops, regions and parameter
    groups. A fixed weight of the task is kept; any other loss weighting is removed. In a dataset of several parts,
    those without the task are removed.

    Args:
        config: From `load_config`.
        folder: Folder for the tables of labels.

    Raises:
        ConfigError: A task has no label in the training data.
    """
    built = {name: DATASETS.build(config[name].dataset) for name in DATALOADERS if config.get(name)}
    train = built['train_dataloader']
    check_every_task_is_shown(train)
    tables = {name: write_label_list(part, Path(folder)) for name, part in parts_of(train).items()}
    return {task: model_options(config, task) | data_options(config, task, built, tables) for task in config.tasks}


def primary_metric_of(config: Config, task: str) -> tuple[str, bool]:
    """Return the compared metric ``task/metric`` of a task, and whether higher is better."""
    protocol, built = protocol_of(config), build_tasks(config.tasks)[task]
    chosen = protocol.compared if protocol else {}
    return f'{task}/{chosen.get(task, built.primary_metric)}', built.higher_is_better


def model_options(config: Config, task: str) -> dict[str, Any]:
    """Return the options outside of the data loaders and evaluators."""
    model = config.model
    options: dict[str, Any] = {'tasks': {'_delete_': True, task: plain_config(config.tasks[task])}}
    if model.get('loss_weighting'):
        weighting = plain_config(model.loss_weighting)
        fixed = resolve_type(weighting.get('type', FixedWeighting), 'model.loss_weighting.type') is FixedWeighting
        weights = {name: weight for name, weight in (weighting.get('weights') or {}).items() if name == task}
        options['model.loss_weighting'] = {'_delete_': True, **weighting, 'weights': weights} if fixed else None
    if model.decode_head.get('overrides'):
        overrides = {name: head for name, head in plain_config(model.decode_head.overrides).items() if name == task}
        options['model.decode_head.overrides'] = {'_delete_': True, **overrides} if overrides else None
    if model.decode_head.get('auxiliary'):
        options['model.decode_head.auxiliary'] = ()
    if model.get('consistency_losses'):
        options['model.consistency_losses'] = None
    if config.get('custom_hooks'):
        options['custom_hooks'] = [
            hook
            for index, hook in enumerate(map(plain_config, config.custom_hooks))
            if resolve_type(hook['type'], f'custom_hooks[{index}].type') is not ConsistencyRampHook
        ]
    if config.get('default_hooks', {}).get('checkpoint', {}).get('save_best'):
        metric, higher_is_better = primary_metric_of(config, task)
        options['default_hooks.checkpoint.save_best'] = metric
        options['default_hooks.checkpoint.rule'] = 'greater' if higher_is_better else 'less'
    return options | optimizer_options(config, task, options)


def optimizer_options(config: Config, task: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that remove parameter groups without a parameter in the baseline, and their schedules.

    Args:
        config: The multi-task config.
        task: The task of the baseline.
        changed: Options of the baseline so far.
    """
    wrapper = config.get('optim_wrapper') or {}
    constructor = wrapper.get('constructor')
    if constructor is None or resolve_type(constructor, 'optim_wrapper.constructor') is not NamedGroups:
        return {}
    model = plain_config(config.model) | {
        'tasks': {task: plain_config(config.tasks[task])},
        'loss_weighting': None,
        'consistency_losses': None,
    }
    if 'model.decode_head.overrides' in changed:
        overrides = dict(changed['model.decode_head.overrides'] or {})
        overrides.pop('_delete_', None)
        model['decode_head'] = {**model['decode_head'], 'overrides': overrides}
    groups = plain_config(wrapper.get('paramwise_cfg') or {})
    named_groups = NamedGroups({}, groups)
    remaining = {named_groups.group_of(name) for name, _ in MODELS.build(model).named_parameters()}
    removed = set(groups) - remaining
    if not removed:
        return {}
    options: dict[str, Any] = {
        'optim_wrapper.paramwise_cfg': {
            '_delete_': True,
            **{name: group for name, group in groups.items() if name not in removed},
        }
    }
    schedulers = config.get('param_scheduler') or []
    schedulers = [plain_config(one) for one in ([schedulers] if isinstance(schedulers, Mapping) else schedulers)]
    options['param_scheduler'] = [
        {**one, 'groups': [name for name in one['groups'] if name not in removed]} if 'groups' in one else one
        for one in schedulers
        if not ('groups' in one and set(one['groups']) <= removed)
    ]
    return options
