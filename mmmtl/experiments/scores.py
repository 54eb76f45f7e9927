"""Print scores as a table, and write them to a JSON file."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from torch import nn

from mmmtl.configuration.departures import departures
from mmmtl.configuration.protocols import compared_metrics, protocol_of
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.weight_files import weight_files
from mmmtl.experiments.evaluated_data import EvaluatedData, validation_digest
from mmmtl.files.atomic_path import write_text_file
from mmmtl.model_wrapper import unwrap_model


def print_scores(rows: Mapping[str, Mapping[str, float]], model: nn.Module) -> None:
    """Print one row per name with the primary metric of each task; an arrow shows which direction is better.

    Scores with a prefix (parts of a dataset) have separate columns.

    Args:
        rows: ``{row: {score: number}}``.
        model: The model, for its tasks.
    """
    columns = {}
    for name, task in unwrap_model(model).tasks.items():
        for key in dict.fromkeys(key for scores in rows.values() for key in scores):
            if f'/{key}'.endswith(f'/{name}/{task.primary_metric}'):
                title = key.removesuffix(f'/{task.primary_metric}').replace('/', ' ')
                columns[key] = f'{title} {task.primary_metric} {"↑" if task.higher_is_better else "↓"}'
    width = max(len(name) for name in rows)
    print(' ' * width + ' | ' + ' | '.join(columns.values()))
    for name, scores in rows.items():
        cells = [f'{scores.get(key, math.nan):.4g}'.rjust(len(title)) for key, title in columns.items()]
        print(name.ljust(width) + ' | ' + ' | '.join(cells))


def write_scores(
    path: str | Path,
    scores: Mapping[str, Mapping[str, float]],
    config: Config,
    data: EvaluatedData = EvaluatedData.TEST,
) -> None:
    """Write scores, and the data about the run that `run_table` reads, to a JSON file, atomically.

    NaN and infinity become null, since JSON has neither.

    Args:
        path: The file to write or replace.
        scores: ``{row: {score: number}}``.
        config: Config of the run.
        data: The data of the scores; only those of the test data can follow a protocol.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    departed, protocol = departures(config), protocol_of(config)
    followed = None if departed or data is not EvaluatedData.TEST else protocol
    content = {
        'config': Path(config.filename).name if config.filename else None,
        'data': data.name.lower(),
        'data_digest': None if data is EvaluatedData.TEST else validation_digest(config),
        'protocol': config.protocol if followed else None,
        'protocol_digest': followed.digest() if followed else None,
        'departures': [f'{config.protocol}: {one}' for one in departed],
        'seed': config.get('randomness', {}).get('seed'),
        'recipe': recipe_digest(config),
        'weights': weight_files(config),
        'compared': compared_metrics(config, {key: None for values in scores.values() for key in values}),
        'scores': {
            row: {key: value if math.isfinite(value) else None for key, value in values.items()}
            for row, values in scores.items()
        },
    }
    write_text_file(path, json.dumps(content, indent=2) + '\n')
