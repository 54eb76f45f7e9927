"""Data loaders and evaluators of single-task baselines."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch.utils.data import Dataset

from mmmtl.configuration.load_config import EVALUATORS
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.datasets import LabelList, MultiTaskDataset
from mmmtl.datasets.transforms import PackViews, TwoCrops
from mmmtl.errors import ConfigError
from mmmtl.experiments.checkpoint_selection import plain_config
from mmmtl.files.atomic_path import write_text_file


def data_options(config: Config, task: str, built: Mapping[str, Dataset], tables: Mapping[str, Path]) -> dict[str, Any]:
    """Return the options of data loaders and evaluators.

    Args:
        config: The multi-task config.
        task: The task of the baseline.
        built: The built dataset of each loader.
        tables: Label table of each part of the training data.

    Raises:
        ConfigError: No part of a dataset has a label of the task.
    """
    options = {}
    for loader, dataset in built.items():
        dataset_config = plain_config(config[loader].dataset)
        changes = (
            {
                name: {
                    'label_setting': {'type': LabelList, 'file': str(tables[name])},
                    'without_label': 'replace',
                    **drop_consistency_inputs(dataset_config['parts'][name] if name else dataset_config),
                }
                for name in tables
            }
            if loader == 'train_dataloader'
            else {}
        )
        kept: list[str] = []
        if 'parts' in dataset_config:
            parts = parts_of(dataset)
            kept = [name for name, part in parts.items() if any(task in names for names in part.shown)]
            if not kept:
                raise ConfigError(f'{loader}.dataset: no part has a label of {task}; remove the task or add a part')
            dataset_config['parts'] = {name: dataset_config['parts'][name] | changes.get(name, {}) for name in kept}
            if config[loader].get('sampler', {}).get('ratios'):
                ratios = plain_config(config[loader].sampler.ratios)
                options[f'{loader}.sampler.ratios'] = {'_delete_': True, **{name: ratios[name] for name in kept}}
        else:
            dataset_config |= changes.get('', {})
        evaluator = loader.replace('dataloader', 'evaluator')
        if evaluator in EVALUATORS and config.get(evaluator):
            options[evaluator] = single_task_evaluator(plain_config(config[evaluator]), kept)
        options[f'{loader}.dataset'] = {'_delete_': True, **dataset_config}
    return options


def drop_consistency_inputs(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a dataset that drop the inputs of consistency losses: second crops and regions."""
    changes: dict[str, Any] = {'regions': None} if dataset.get('regions') else {}
    pipeline = dataset.get('pipeline') or ()
    kinds = [resolve_type(step['type'], f'pipeline[{index}].type') for index, step in enumerate(pipeline)]
    if TwoCrops in kinds:
        changes['pipeline'] = [
            {'type': PackViews} if kind is TwoCrops else step for kind, step in zip(kinds, pipeline, strict=True)
        ]
    return changes


def single_task_evaluator(evaluator: Any, parts: list[str]) -> Any:
    """Return the config of an evaluator, or of a list of them, for the given parts, without ``unscored``."""
    if isinstance(evaluator, list | tuple):
        return [single_task_evaluator(one, parts) for one in evaluator]
    kept = {key: value for key, value in evaluator.items() if key != 'unscored'}
    if 'parts' in kept:
        kept['parts'] = {name: single_task_evaluator(one, []) for name, one in kept['parts'].items() if name in parts}
    return {'_delete_': True, **kept}


def parts_of(dataset: Dataset) -> dict[str, MultiTaskDataset]:
    """Return the parts of a dataset; without parts, ``{'': dataset}``."""
    return getattr(dataset, 'parts', {'': dataset})


def write_label_list(dataset: MultiTaskDataset, folder: Path) -> Path:
    """Write which records have which labels, as a file for `LabelList`.

    Returns:
        The file; its name contains a digest of its content.

    Raises:
        ConfigError: Two records have the same name.
    """
    labelled: dict[str, list[str]] = {task: [] for task in dataset.tasks}
    for name, shown in dict(zip([record.name for record in dataset.records], dataset.shown, strict=True)).items():
        for task in shown:
            labelled[task].append(name)
    if len({record.name for record in dataset.records}) < len(set(map(id, dataset.records))):
        raise ConfigError(f'{dataset}: several records have the same name, but a table of labels needs unique ones')
    text = json.dumps({'labelled': labelled}) + '\n'
    path = folder / f'labels_{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.json'
    folder.mkdir(parents=True, exist_ok=True)
    write_text_file(path, text)
    return path
