"""Whether one config is better than another: differences between runs of the same seed, and how sure they are."""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from mmmtl.errors import DataError
from mmmtl.experiments.run_table import common_protocol, direction_arrow, group_by_name, read_run, select_columns


def paired_test(runs: Sequence[str], metrics: Sequence[str] = ()) -> str:
    """A Markdown table: every config less the first one, seed by seed, as mean ± standard error of the mean.

    Runs of one seed share the order of images, and initial weights where the networks are alike; what they have in
    common falls out of the difference. Below about two standard errors nothing is shown.

    Args:
        runs, measures: As for `run_table`. Only seeds that both rows have are compared.

    Raises:
        DataError: As for `run_table`; or there is but one row, or one shares no seed with the first.
    """
    all_runs = [read_run(text) for text in runs]
    common_protocol(all_runs)
    compared, columns = select_columns(all_runs, metrics)
    (first, ground), *others = group_by_name(all_runs)
    if not others:
        raise DataError(f'{ground[0].path.parent}: all runs are {first}; differences need a second config')
    lines = [
        f'| less {first} | seeds | '
        + ' | '.join(key.replace('/', ' ') + direction_arrow(key, compared) for key in columns)
        + ' |',
        '| --- | ---: |' + ' ---: |' * len(columns),
    ]
    for name, seeds in others:
        pairs = [(run, other) for run in seeds for other in ground if run.seed == other.seed]
        if not pairs:
            raise DataError(f'{name} has no seed in common with {first}; train both with the same --seeds')
        cells = [
            format_difference(
                [
                    run.scores[key] - other.scores[key]
                    for run, other in pairs
                    if run.scores.get(key) is not None and other.scores.get(key) is not None
                ]
            )
            for key in columns
        ]
        lines.append(f'| {name} | {len(pairs)} | {" | ".join(cells)} |')
    return '\n'.join([*lines, '', f'Less {first}, seed by seed: mean ± standard error.', ''])


def format_difference(differences: Sequence[float]) -> str:
    """Mean with its sign, and standard error where there are several."""
    if not differences:
        return '–'
    if len(differences) == 1:
        return f'{differences[0]:+.3g}'
    return f'{mean(differences):+.3g} ± {stdev(differences) / math.sqrt(len(differences)):.2g}'
