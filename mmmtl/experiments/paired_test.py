"""Compare configs by the differences between runs of the same seed, with standard errors."""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from mmmtl.experiments.paired_runs import PairedRuns
from mmmtl.experiments.run_table import direction_arrow


def paired_test(pairs: PairedRuns) -> str:
    """Return a Markdown table of each config minus the reference: mean ± standard error over common seeds.

    A difference below about two standard errors is not significant.
    """
    titles = [key.replace('/', ' ') + direction_arrow(key, pairs.compared) for key in pairs.columns]
    lines = [f'| minus {pairs.reference} | seeds | {" | ".join(titles)} |', '| --- | ---: |' + ' ---: |' * len(titles)]
    for name, of_config in pairs.rows.items():
        cells = [
            format_difference([score - other for score, other in pairs.values(name, key)]) for key in pairs.columns
        ]
        lines.append(f'| {name} | {len(of_config)} | {" | ".join(cells)} |')
    return '\n'.join([*lines, '', f'Minus {pairs.reference}, seed by seed: mean ± standard error.', ''])


def format_difference(differences: Sequence[float]) -> str:
    """Format the mean with its sign, and the standard error if there is more than one value."""
    if not differences:
        return '–'
    if len(differences) == 1:
        return f'{differences[0]:+.3g}'
    return f'{mean(differences):+.3g} ± {stdev(differences) / math.sqrt(len(differences)):.2g}'
