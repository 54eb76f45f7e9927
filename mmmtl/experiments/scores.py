"""Scores as a table for people and as JSON for programs."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.model import is_model_wrapper
from torch import nn

from mmmtl.configuration.protocol_check import compared_metrics
from mmmtl.configuration.recipe_digest import recipe_digest


def print_scores(rows: Mapping[str, Mapping[str, float]], model: nn.Module) -> None:
    """Print one row per name with the primary metric of each task, the arrow saying which way is better.

    Where a metric puts a prefix before its names, each prefix has columns of its own.
    """
    tasks = (model.module if is_model_wrapper(model) else model).tasks
    columns = {}
    for name, task in tasks.items():
        for key in dict.fromkeys(key for scores in rows.values() for key in scores):
            if f'/{key}'.endswith(f'/{name}/{task.primary_metric}'):
                title = key.removesuffix(f'/{task.primary_metric}').replace('/', ' ')
                columns[key] = f'{title} {task.primary_metric} {"↑" if task.higher_is_better else "↓"}'
    width = max(len(name) for name in rows)
    print(' ' * width + ' | ' + ' | '.join(columns.values()))
    for name, scores in rows.items():
        cells = [f'{scores.get(key, math.nan):.4g}'.rjust(len(title)) for key, title in columns.items()]
        print(name.ljust(width) + ' | ' + ' | '.join(cells))


def write_scores(path: str | Path, scores: Mapping[str, Mapping[str, float]], config: Config) -> None:
    """Write ``{row: {measure: number}}`` with the config's name and protocol, and what `run_table` needs to know of the
    run; whole or not at all.

    NaN and infinity become null: JSON has neither.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        'config': Path(config.filename).name if config.filename else None,
        'protocol': config.get('protocol'),
        'seed': config.get('randomness', {}).get('seed'),
        'recipe': recipe_digest(config),
        'compared': compared_metrics(config, {key: None for values in scores.values() for key in values}),
        'scores': {
            row: {key: value if math.isfinite(value) else None for key, value in values.items()}
            for row, values in scores.items()
        },
    }
    unfinished = path.with_suffix(f'.{os.getpid()}.tmp')
    try:
        unfinished.write_text(json.dumps(content, indent=2) + '\n')
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
