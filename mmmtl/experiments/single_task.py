"""From a multi-task config the single-task ones that it is measured against: the same recipe, one task at a time."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch.utils.data import Dataset

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.load_config import EVALUATORS
from mmmtl.configuration.protocols import protocol_of
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.datasets import LabelTable, MultiTaskDataset
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.datasets.transforms import PackViews, TwoCrops
from mmmtl.errors import ConfigError
from mmmtl.experiments.checkpoint_selection import plain_config
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.optim import NamedGroups
from mmmtl.registry import DATASETS, MODELS
from mmmtl.tasks import build_tasks


def single_task_options(config: Config, folder: str | Path) -> dict[str, dict[str, Any]]:
    """``{task: options}``: `load_config` of the same file with these options gives the single-task config.

    The task alone is learnt, from those images that show it in the multi-task config: which ones they are is written to
    a `LabelTable` in ``folder``. They take the places of the other images in turn, so network, batch, schedule and the
    number of steps remain what they were. Consistency losses go, and with them their ramps, second crops and regions
    and the learning rates of their own parameters; a fixed weight stays with its task, any other weighting goes, for a
    single loss has nothing to be weighed against. Of a mixed data set those parts remain that know the task.

    Raises:
        ConfigError: A task is shown nowhere.
    """
    built = {name: DATASETS.build(config[name].dataset) for name in DATALOADERS if config.get(name)}
    train = built['train_dataloader']
    check_every_task_is_shown(train)
    tables = {name: write_label_table(part, Path(folder)) for name, part in parts_of(train).items()}
    return {task: model_options(config, task) | data_options(config, task, built, tables) for task in config.tasks}


def primary_metric_of(config: Config, task: str) -> tuple[str, bool]:
    """The measure ``task/name`` that stands for a task, and whether higher is better."""
    protocol, known = protocol_of(config), build_tasks(config.tasks)[task]
    return f'{task}/{protocol.metrics[task][0] if protocol else known.primary_metric}', known.higher_is_better


def model_options(config: Config, task: str) -> dict[str, Any]:
    """What changes outside of the data."""
    model = config.model
    options: dict[str, Any] = {'tasks': {'_delete_': True, task: plain_config(config.tasks[task])}}
    if model.get('loss_weighting'):
        weighting = plain_config(model.loss_weighting)
        fixed = resolve_type(weighting.get('type', FixedWeighting), 'model.loss_weighting.type') is FixedWeighting
        own = {name: weight for name, weight in (weighting.get('weights') or {}).items() if name == task}
        options['model.loss_weighting'] = {'_delete_': True, **weighting, 'weights': own} if fixed else None
    if model.decode_head.get('overrides'):
        own = {name: one for name, one in plain_config(model.decode_head.overrides).items() if name == task}
        options['model.decode_head.overrides'] = {'_delete_': True, **own} if own else None
    if model.get('consistency_losses'):
        options['model.consistency_losses'] = None
    if config.get('custom_hooks'):
        options['custom_hooks'] = [
            hook
            for hook in map(plain_config, config.custom_hooks)
            if resolve_type(hook['type'], 'custom_hooks.type') is not ConsistencyRampHook
        ]
    if config.get('default_hooks', {}).get('checkpoint', {}).get('save_best'):
        metric, higher_is_better = primary_metric_of(config, task)
        options['default_hooks.checkpoint.save_best'] = metric
        options['default_hooks.checkpoint.rule'] = 'greater' if higher_is_better else 'less'
    return options | optimizer_options(config, task, options)


def optimizer_options(config: Config, task: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Groups of `NamedGroups` without a parameter in the single-task model go, and what moves their learning rate."""
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
        own = {key: one for key, one in (changed['model.decode_head.overrides'] or {}).items() if key != '_delete_'}
        model['decode_head'] = {**model['decode_head'], 'overrides': own}
    groups = plain_config(wrapper.get('paramwise_cfg') or {})
    named = NamedGroups({}, groups)
    there = {named.group_of(name) for name, _ in MODELS.build(model).named_parameters()}
    gone = set(groups) - there
    if not gone:
        return {}
    options: dict[str, Any] = {
        'optim_wrapper.paramwise_cfg': {
            '_delete_': True,
            **{name: group for name, group in groups.items() if name not in gone},
        }
    }
    schedulers = config.get('param_scheduler') or []
    schedulers = [plain_config(one) for one in ([schedulers] if isinstance(schedulers, Mapping) else schedulers)]
    options['param_scheduler'] = [
        {**one, 'groups': [name for name in one['groups'] if name not in gone]} if 'groups' in one else one
        for one in schedulers
        if not ('groups' in one and set(one['groups']) <= gone)
    ]
    return options


def data_options(config: Config, task: str, built: Mapping[str, Dataset], tables: Mapping[str, Path]) -> dict[str, Any]:
    """What changes in the loaders and in what judges their samples."""
    options = {}
    for loader, dataset in built.items():
        wanted = plain_config(config[loader].dataset)
        changes = (
            {
                name: {
                    'label_setting': {'type': LabelTable, 'table': str(tables[name])},
                    'without_label': 'replace',
                    **drop_consistency_inputs(wanted['parts'][name] if name else wanted),
                }
                for name in tables
            }
            if loader == 'train_dataloader'
            else {}
        )
        if 'parts' in wanted:
            know = [name for name, part in dataset.parts.items() if any(task in names for names in part.shown)]
            if not know:
                raise ConfigError(f'{loader}.dataset: no part of it shows a label of {task}')
            wanted['parts'] = {name: wanted['parts'][name] | changes.get(name, {}) for name in know}
            if config[loader].get('sampler', {}).get('ratios'):
                ratios = plain_config(config[loader].sampler.ratios)
                options[f'{loader}.sampler.ratios'] = {'_delete_': True, **{name: ratios[name] for name in know}}
            evaluator = loader.replace('dataloader', 'evaluator')
            if evaluator in EVALUATORS and config.get(evaluator):
                options[evaluator] = keep_parts(plain_config(config[evaluator]), know)
        else:
            wanted |= changes.get('', {})
        options[f'{loader}.dataset'] = {'_delete_': True, **wanted}
    return options


def drop_consistency_inputs(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """What drops that which consistency losses alone look at: the second crop of an image, and its regions."""
    changes: dict[str, Any] = {'regions': None} if dataset.get('regions') else {}
    kinds = [resolve_type(step['type'], 'pipeline.type') for step in dataset.get('pipeline') or ()]
    if TwoCrops in kinds:
        changes['pipeline'] = [
            {'type': PackViews} if kind is TwoCrops else step
            for kind, step in zip(kinds, dataset['pipeline'], strict=True)
        ]
    return changes


def keep_parts(evaluator: Any, names: list[str]) -> Any:
    """An evaluator, or a list of them, that judges these parts of a mixed data set alone."""
    if isinstance(evaluator, list | tuple):
        return [keep_parts(one, names) for one in evaluator]
    if 'parts' in evaluator:
        evaluator = {**evaluator, 'parts': {name: one for name, one in evaluator['parts'].items() if name in names}}
    return {'_delete_': True, **evaluator}


def parts_of(dataset: Dataset) -> dict[str, MultiTaskDataset]:
    """The parts of a mixed data set, or the data set under the empty name."""
    return getattr(dataset, 'parts', {'': dataset})


def write_label_table(dataset: MultiTaskDataset, folder: Path) -> Path:
    """Which records show which labels, as a table for `LabelTable`; its name tells its content.

    Raises:
        ConfigError: Two records have the same name.
    """
    labelled: dict[str, list[str]] = {task: [] for task in dataset.tasks}
    for name, shown in dict(zip([record.name for record in dataset.records], dataset.shown, strict=True)).items():
        for task in shown:
            labelled[task].append(name)
    if len({record.name for record in dataset.records}) < len(set(map(id, dataset.records))):
        raise ConfigError(f'{dataset}: several records have the same name, so no table can tell their labels apart')
    text = json.dumps({'labelled': labelled}) + '\n'
    path = folder / f'labels_{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.json'
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
