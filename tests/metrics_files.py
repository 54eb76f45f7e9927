"""Write the file of scores that a test of a network leaves."""

import json
from collections.abc import Mapping
from pathlib import Path


def write_metrics(
    folder: Path,
    scores: Mapping[str, float | None],
    compared: Mapping[str, bool],
    *,
    seed: int = 0,
    config: str = 'mtan.py',
    protocol: str | None = 'nyuv2-13/mtan',
    recipe: str = 'r',
    row: str = 'trained network',
    data: str = 'test',
    data_digest: str | None = None,
) -> str:
    """Write the metrics.json of a run into a new folder; return the folder."""
    folder.mkdir(parents=True)
    content = {
        'config': config,
        'data': data,
        'data_digest': data_digest,
        'protocol': protocol,
        'seed': seed,
        'recipe': recipe,
        'compared': dict(compared),
        'scores': {row: dict(scores)},
    }
    (folder / 'metrics.json').write_text(json.dumps(content))
    return str(folder)
