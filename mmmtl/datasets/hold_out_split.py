"""Hold out a part of a training split for model selection, without using test images."""

from collections.abc import Sequence

import numpy as np

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class HoldOutSplit:
    """Split a dataset by whole scenes into a held-out slice and the rest.

    Train with ``held_out=dict(type=HoldOutSplit, fraction=0.1)`` and validate on the same dataset with
    ``give='slice'`` added. Labels are hidden before the split, so each record shows the same labels as in the whole.

    Args:
        fraction: Fraction of the scenes to hold out, in (0, 1); at least one scene is held out.
        give: ``'slice'`` to use the held-out records, ``'rest'`` to use the others.
        seed: Seed of the draw.

    Raises:
        ConfigError: An option has an invalid value, or there is only one scene.
    """

    def __init__(self, fraction: float = 0.1, give: str = 'rest', seed: int = 0) -> None:
        if not 0 < fraction < 1:
            raise ConfigError(f'{type(self).__name__}.fraction must lie between 0 and 1, found {fraction}')
        if give not in ('rest', 'slice'):
            raise ConfigError(f"{type(self).__name__}.give must be 'rest' or 'slice', found {give!r}")
        self.fraction, self.give, self.seed = fraction, give, seed

    def indices(self, records: Sequence[Record]) -> list[int]:
        """Return the indices of the selected records, in ascending order.

        Raises:
            ConfigError: There are fewer than two scenes.
        """
        scenes = list(dict.fromkeys(record.scene or record.name for record in records))
        if len(scenes) < 2:
            raise ConfigError(
                f'{type(self).__name__}: the split has only one scene ({scenes[0]}), so none can be held out'
            )
        held = self.held_scenes(scenes)
        return [
            index
            for index, record in enumerate(records)
            if ((record.scene or record.name) in held) == (self.give == 'slice')
        ]

    def held_scenes(self, scenes: Sequence[str]) -> set[str]:
        """Return the scenes to hold out, given at least two."""
        order = np.random.default_rng(self.seed).permutation(len(scenes))
        count = min(max(1, round(self.fraction * len(scenes))), len(scenes) - 1)
        return {scenes[number] for number in order[:count]}
