"""Whether a checkpoint can be resumed with a config: the batch, the images and the labels must be the same."""

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
# other ones keep other things for every weight
OPTIMIZER = tuple(f'optim_wrapper.optimizer.{key}' for key in ('type', 'amsgrad', 'centered'))
CHOSEN_BY = ('val_dataloader.dataset', 'val_evaluator', 'default_hooks.checkpoint')


def training_data_summary(loader: DataLoader, processes: int, accumulative_counts: int) -> dict[str, Any]:
    """What a step learns from: the batch, the images in their order, and the labels that each of them shows.

    Images are identified by the names of records and files, so a data set may move to another folder.
    """
    dataset = loader.dataset
    facts = {
        'batch_size': loader.batch_size,
        'processes': processes,
        'accumulative_counts': accumulative_counts,
        'images': len(dataset),
    }
    if hasattr(dataset, 'shown'):  # one of ours
        names = ([record.name, *(view.image.name for view in record.views)] for record in dataset.records)
        facts |= {
            'image_names': _digest(names),
            'shown_labels': _digest(dataset.shown),
            'labels': dict(sorted(Counter(name for shown in dataset.shown for name in shown).items())),
        }
    return facts


def _digest(items: Iterable[Any]) -> str:
    """Of lists of texts, in their order."""
    state = hashlib.blake2b(digest_size=8)
    for item in items:
        state.update(json.dumps(item).encode())
    return state.hexdigest()


def check_same_run(
    before: Mapping[str, Any], now: Mapping[str, Any], despite: str | Iterable[str], source: str
) -> dict[str, str]:
    """Compare the run that was stopped with the one that is to continue it.

    Args:
        before: ``flatten_recipe`` and ``training_data_summary`` of the first.
        now: The same of the second.
        despite: Of `ASPECTS`, those that may differ.
        source: The checkpoint, for messages.

    Returns:
        Every entry of the config that differs, as `recipe_differences` gives them.

    Raises:
        CheckpointError: The batch, the images or the labels differ, and ``despite`` does not name them; or the
            optimiser is another one, which cannot take over the state.
        ConfigError: ``despite`` names something else.
    """
    despite = {despite} if isinstance(despite, str) else set(despite)
    if despite - set(ASPECTS):
        raise ConfigError(
            f'resume_despite: expected some of {", ".join(ASPECTS)}, found '
            f'{", ".join(sorted(map(str, despite - set(ASPECTS))))}'
        )
    changes = recipe_differences(before['recipe_entries'], now['recipe_entries'])
    other = changed_aspects(before['learnt_from'], now['learnt_from'], changes)
    refused = [aspect for aspect in other if aspect not in despite]
    if refused:
        raise CheckpointError(
            f'{source}: written by a run with other {" and ".join(refused)}: '
            f'{"; ".join(other[aspect] for aspect in refused)}. Restore what it had, or insist: '
            f'--cfg-options resume_despite={",".join(refused)}'
        )
    for key in OPTIMIZER:
        if key in changes:
            raise CheckpointError(
                f'{source}: {key} {changes[key]}, and cannot take over the state of the other; start '
                'from the weights instead: --cfg-options load_from=FILE'
            )
    return changes | {f'resume_despite={aspect}': f'allows that {text}' for aspect, text in other.items()}


def changed_aspects(before: Mapping[str, Any], now: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
    """Which of `ASPECTS` differ, each with a text that names the entries."""
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
        others = ', but other ones or in another order' * (before['images'] == now['images'])
        other['images'] = _describe_changes(of_images, f'{before["images"]} images, now {now["images"]}{others}')
    if of_labels if other_images else before.get('shown_labels') != now.get('shown_labels'):
        old, new = (
            ', '.join(f'{count} {name}' for name, count in one.get('labels', {}).items()) for one in (before, now)
        )
        other['labels'] = _describe_changes(
            of_labels, f'labels of {old}, now of {new}{", but on other images" * (old == new)}'
        )
    return other


def _describe_changes(changes: Mapping[str, str], what: str) -> str:
    """The entries, or the data set itself where its files have changed and its config has not."""
    entries = ', '.join(f'{key} {change}' for key, change in changes.items())
    return f'{entries or f"{DATASET} is configured as before, but its files have changed"} ({what})'


def selection_change(changes: Mapping[str, str]) -> str | None:
    """The first change of what the best checkpoint is chosen by."""
    return next((f'{key} {change}' for key, change in changes.items() if key.startswith(CHOSEN_BY)), None)
