"""Pair the runs of each config with those of a reference config that have the same seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmmtl.errors import DataError
from mmmtl.experiments.run_table import select_columns
from mmmtl.experiments.runs import Run, common_protocol, group_by_name, read_run


@dataclass(frozen=True)
class PairedRuns:
    """Runs of one protocol, paired by seed with those of the first config.

    Runs of one seed have the same order of images, and the same initial weights if the networks are equal, so the
    variation that they share cancels in differences.

    Args:
        reference: Name of the first config.
        rows: ``{name: pairs of (run, run of the reference with the same seed)}`` of the other configs.
        columns: Names of scores.
        compared: Compared metrics, and whether higher is better; a column that is not among them has no direction.
    """

    reference: str
    rows: Mapping[str, Sequence[tuple[Run, Run]]]
    columns: Sequence[str]
    compared: Mapping[str, bool]

    def values(self, name: str, column: str) -> list[tuple[float, float]]:
        """Return the scores of a row and of the reference, seed by seed; seeds without either are skipped."""
        return [
            (score, other_score)
            for run, other in self.rows[name]
            if (score := run.scores.get(column)) is not None and (other_score := other.scores.get(column)) is not None
        ]


def pair_runs(runs: Sequence[str], metrics: Sequence[str] = ()) -> PairedRuns:
    """Pair runs by seed.

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
    rows = {}
    for name, of_config in others:
        rows[name] = [(run, other) for run in of_config for other in reference if run.seed == other.seed]
        if not rows[name]:
            raise DataError(f'{name}: has no seed in common with {first}; train both with the same --seeds')
    return PairedRuns(first, rows, columns, compared)
