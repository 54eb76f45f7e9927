"""Check that a config can continue a run: batch size, images and labels have to be the same."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from torch.utils.data import DataLoader

from mmmtl.configuration.recipe_digest import recipe_differences
from mmmtl.errors import CheckpointError, ConfigError

ASPECTS = ('batch', 'images', 'labels')
DATASET = 'train_dataloader.dataset'
# options that change what the optimizer stores per weight
OPTIMIZER = tuple(f'optim_wrapper.optimizer.{key}' for key in ('type', 'amsgrad', 'centered'))
# what selects the best checkpoint
SELECTION = ('val_dataloader.dataset', 'val_evaluator', 'default_hooks.checkpoint')


def training_data_summary(loader: DataLoader, processes: int, accumulative_counts: int) -> dict[str, Any]:
    """Return the batch size, and digests of the ordered images and of the labels that each image shows.

    Images are identified by the names of records and files, so that a dataset may move to another folder.

    Args:
        loader: Loader of the training data.
        processes: World size.
        accumulative_counts: Iterations per optimizer step.
    """
    dataset: Any = loader.dataset
    facts: dict[str, Any] = {
        'batch_size': loader.batch_size,
        'processes': processes,
        'accumulative_counts': accumulative_counts,
        'images': len(dataset),
    }
    if hasattr(dataset, 'shown'):  # a MultiTaskDataset or a ConcatDataset of them
        names = ([record.name, *(view.image.name for view in record.views)] for record in dataset.records)
        facts |= {
            'image_names': _digest(names),
            'shown_labels': _digest(dataset.shown),
            'labels': dict(sorted(Counter(name for shown in dataset.shown for name in shown).items())),
        }
    return facts


def _digest(items: Iterable[Any]) -> str:
    """Return a digest of JSON values in their order."""
    state = hashlib.blake2b(digest_size=8)
    for item in items:
        state.update(json.dumps(item).encode())
    return state.hexdigest()


def check_same_run(
    before: Mapping[str, Any], now: Mapping[str, Any], despite: str | Iterable[str], file: str
) -> dict[str, str]:
    """Compare an interrupted run with the one that continues it.

    Args:
        before: ``recipe_entries`` and ``learnt_from`` of the interrupted run, see `flatten_recipe` and
            `training_data_summary`.
        now: The same for this run.
        despite: The `ASPECTS` that may differ (config key ``resume_despite``).
        file: The checkpoint's file, for messages.

    Returns:
        Every entry of the config that differs, see `recipe_differences`, and an entry ``resume_despite=ASPECT`` for
        each allowed difference.

    Raises:
        CheckpointError: An aspect differs and is not in ``despite``, or the optimizer's type has changed.
        ConfigError: ``despite`` contains an unknown aspect.
    """
    despite = {despite} if isinstance(despite, str) else set(despite)
    if despite - set(ASPECTS):
        raise ConfigError(
            f'resume_despite: expected one or more of {", ".join(ASPECTS)}, found '
            f'{", ".join(sorted(map(str, despite - set(ASPECTS))))}'
        )
    changes = recipe_differences(before['recipe_entries'], now['recipe_entries'])
    other = changed_aspects(before['learnt_from'], now['learnt_from'], changes)
    refused = [aspect for aspect in other if aspect not in despite]
    if refused:
        raise CheckpointError(
            f'{file}: written by a run with different {" and ".join(refused)}: '
            f'{"; ".join(other[aspect] for aspect in refused)}; restore the old setting, or allow the change: '
            f'--cfg-options resume_despite={",".join(refused)}'
        )
    for key in OPTIMIZER:
        if key in changes:
            raise CheckpointError(
                f'{file}: {key} {changes[key]}, so the optimizer state cannot be restored; start '
                'from the weights instead: --cfg-options load_from=FILE'
            )
    return changes | {f'resume_despite={aspect}': f'allows: {text}' for aspect, text in other.items()}


def changed_aspects(before: Mapping[str, Any], now: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
    """Return the `ASPECTS` that differ, each with a text that lists the changed config entries."""
    other = {}
    sizes = [one['batch_size'] and one['batch_size'] * one['processes'] for one in (before, now)]
    counts = [one['accumulative_counts'] for one in (before, now)]
    if sizes[0] != sizes[1]:
        old, new = (
            f'{one["batch_size"]} on {one["processes"]} process{"es" * (one["processes"] > 1)}' for one in (before, now)
        )
        other['batch'] = f'train_dataloader.batch_size was {old}, is {new}'
    elif counts[0] != counts[1]:
        other['batch'] = f'optim_wrapper.accumulative_counts was {counts[0]}, is {counts[1]}'
    of_data = {key: change for key, change in changes.items() if key.startswith(DATASET) and '.pipeline' not in key}
    of_labels = {key: change for key, change in of_data.items() if '.label_setting' in key}
    of_images = {key: change for key, change in of_data.items() if key not in of_labels}
    other_images = any(before.get(name) != now.get(name) for name in ('images', 'image_names'))
    if other_images:
        others = ', but different ones or in a different order' * (before['images'] == now['images'])
        other['images'] = _describe_changes(of_images, f'{before["images"]} images, now {now["images"]}{others}')
    if of_labels if other_images else before.get('shown_labels') != now.get('shown_labels'):
        old, new = (
            ', '.join(f'{count} {name}' for name, count in one.get('labels', {}).items()) for one in (before, now)
        )
        other['labels'] = _describe_changes(
            of_labels if other_images else of_data,
            f'labels of {old}, now of {new}{", but on different images" * (old == new)}',
        )
    return other


def _describe_changes(changes: Mapping[str, str], what: str) -> str:
    """Return a text of config changes, or of changed files if the config is unchanged."""
    entries = ', '.join(f'{key} {change}' for key, change in changes.items())
    return f'{entries or f"{DATASET} has the same config, but its files have changed"} ({what})'


def selection_change(changes: Mapping[str, str]) -> str | None:
    """Return the first change that affects how the best checkpoint is selected, None if there is none."""
    return next((f'{key} {change}' for key, change in changes.items() if key.startswith(SELECTION)), None)
