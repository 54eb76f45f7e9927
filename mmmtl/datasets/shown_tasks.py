"""Check that a dataset shows labels of every task."""

from collections.abc import Collection
from typing import Any

from mmmtl.errors import ConfigError


def check_every_task_is_shown(dataset: Any, supervised: Collection[str] = ()) -> None:
    """Check that every task has a shown label, or is supervised in another way.

    Args:
        dataset: A dataset; one without the attribute ``shown`` is not checked.
        supervised: Tasks that are supervised in another way, e.g. by a consistency loss.

    Raises:
        ConfigError: A task has no shown label and is not supervised in another way.
    """
    if not hasattr(dataset, 'shown'):  # a dataset of another library
        return
    missing = set(dataset.tasks) - {name for names in dataset.shown for name in names} - set(supervised)
    if missing:
        raise ConfigError(
            f'{dataset} shows no label of {", ".join(sorted(missing))}, so it cannot be learnt; '
            'remove the task, or choose a label setting that shows it'
        )
