"""Compare configs by the differences between runs of the same seed, with standard errors."""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from mmmtl.errors import DataError
from mmmtl.experiments.run_table import direction_arrow, select_columns
from mmmtl.experiments.runs import common_protocol, group_by_name, read_run


def paired_test(runs: Sequence[str], metrics: Sequence[str] = ()) -> str:
    """Return a Markdown table of each config minus the first one: mean ± standard error over common seeds.

    Runs of one seed have the same order of images, and the same initial weights if the networks are equal, so the
    variation that they share cancels. A difference below about two standard errors is not significant.

    Args:
        runs: See `run_table`; the first row is the reference.
        metrics: See `run_table`.

    Raises:
        DataError: See `run_table`; or there is only one row, or a row has no seed in common with the first.
    """
    all_runs = [read_run(text) for text in runs]
    common_protocol(all_runs)
    compared, columns = select_columns(all_runs, metrics)
    (first, reference), *others = group_by_name(all_runs)
    if not others:
        raise DataError(f'{reference[0].path.parent}: all runs belong to {first}; add runs of a second config')
    lines = [
        f'| minus {first} | seeds | '
        + ' | '.join(key.replace('/', ' ') + direction_arrow(key, compared) for key in columns)
        + ' |',
        '| --- | ---: |' + ' ---: |' * len(columns),
    ]
    for name, runs_of_config in others:
        pairs = [(run, other) for run in runs_of_config for other in reference if run.seed == other.seed]
        if not pairs:
            raise DataError(f'{name}: has no seed in common with {first}; train both with the same --seeds')
        cells = [
            format_difference(
                [
                    score - reference_score
                    for run, other in pairs
                    if (score := run.scores.get(key)) is not None
                    and (reference_score := other.scores.get(key)) is not None
                ]
            )
            for key in columns
        ]
        lines.append(f'| {name} | {len(pairs)} | {" | ".join(cells)} |')
    return '\n'.join([*lines, '', f'Minus {first}, seed by seed: mean ± standard error.', ''])


def format_difference(differences: Sequence[float]) -> str:
    """Format the mean with its sign, and the standard error if there is more than one value."""
    if not differences:
        return '–'
    if len(differences) == 1:
        return f'{differences[0]:+.3g}'
    return f'{mean(differences):+.3g} ± {stdev(differences) / math.sqrt(len(differences)):.2g}'
