"""A slice of a training split on which a model is chosen, so that no test image has a say in it."""

from collections.abc import Sequence

import numpy as np

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class HoldOutSplit:
    """Cuts a split in two, by whole scenes: a slice that is held out, and the rest.

    Training takes ``held_out=dict(type=HoldOutSplit, share=0.1)``, validation the same data set with
    ``give='slice'`` added. Labels are hidden before the split is cut, so both parts show what they showed in the whole.

    Args:
        share: Of the scenes that is held out, above 0 and below 1; at least one scene.
        give: ``'rest'`` or ``'slice'``.
        seed: Of the draw.

    Raises:
        ConfigError: An argument is none of these, or there is only one scene.
    """

    def __init__(self, fraction: float = 0.1, give: str = 'rest', seed: int = 0) -> None:
        if not 0 < fraction < 1:
            raise ConfigError(f'HoldOutSplit.fraction must lie between 0 and 1, found {fraction}')
        if give not in ('rest', 'slice'):
            raise ConfigError(f"HoldOutSplit.give must be 'rest' or 'slice', found {give!r}")
        self.fraction, self.give, self.seed = fraction, give, seed

    def indices(self, records: Sequence[Record]) -> list[int]:
        """The places of the records that are given, in their order."""
        scenes = list(dict.fromkeys(record.scene or record.name for record in records))
        if len(scenes) < 2:
            raise ConfigError(f'HoldOutSplit: the split has only one scene ({scenes[0]}), there is nothing to hold out')
        order = np.random.default_rng(self.seed).permutation(len(scenes))
        count = min(max(1, round(self.fraction * len(scenes))), len(scenes) - 1)
        held = {scenes[number] for number in order[:count]}
        return [
            place
            for place, record in enumerate(records)
            if ((record.scene or record.name) in held) == (self.give == 'slice')
        ]
