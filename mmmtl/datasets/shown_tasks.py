"""Whether a data set shows a label of every task that is learnt."""

from collections.abc import Collection

from torch.utils.data import Dataset

from mmmtl.errors import ConfigError


def check_every_task_is_shown(dataset: Dataset, taught: Collection[str] = ()) -> None:
    """Nothing teaches a task of which a data set shows no label, unless it is ``taught`` otherwise.

    Raises:
        ConfigError: There is such a task.
    """
    if not hasattr(dataset, 'shown'):  # not one of ours
        return
    missing = set(dataset.tasks) - {name for names in dataset.shown for name in names} - set(taught)
    if missing:
        raise ConfigError(
            f'{dataset} shows no label of {", ".join(sorted(missing))} at all, so nothing would teach '
            'it; remove the task, or choose a label setting that shows it'
        )
