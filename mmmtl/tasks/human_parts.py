"""Human parts: which part of a body is this pixel?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.colours import spread_colours
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.semseg import SemSeg

PARTS = ('background', 'head', 'torso', 'upper arm', 'lower arm', 'upper leg', 'lower leg')
COLOURS = ((45, 45, 45), (230, 80, 60), (240, 180, 50), (60, 160, 90), (150, 215, 120), (55, 110, 200), (140, 190, 240))


@TASKS.register_module()
class HumanParts(SemSeg):
    """Labels are 0 (no body), 1..6 the parts of PASCAL-Context, 255 where unknown.

    An image in which no part is seen is void as a whole: it says nothing of parts, and is neither learnt nor measured
    (SAK). PASCAL's parts have left and right merged, so a mirrored label keeps its values; of other classes, one whose
    name begins with ``left`` becomes its namesake that begins with ``right``, and the other way round.

    Args:
        name: Key in the samples.
        classes: Names; the first is what is no body.
        palette: One RGB colour per class; by default the first is grey.
        absent: As in `SemSeg`; by default a class that never occurs counts 0, as SAK has it.
        loss: As in `SemSeg`.
    """

    def __init__(
        self,
        name: str,
        classes: Sequence[str] = PARTS,
        palette: Sequence[Sequence[int]] | None = None,
        *,
        absent: str = 'zero',
        loss: Mapping[str, Any] | Loss | None = None,
    ) -> None:
        if palette is None:
            palette = COLOURS if tuple(classes) == PARTS else [COLOURS[0], *spread_colours(len(classes) - 1)]
        super().__init__(name, classes, palette, absent=absent, loss=loss)

        twins = {name: name.replace('left', 'right', 1) for name in self.classes if name.startswith('left')}
        twins |= {right: left for left, right in twins.items()}
        self.mirrored = np.arange(256)
        for index, name in enumerate(self.classes):
            if twins.get(name) in self.classes:
                self.mirrored[index] = self.classes.index(twins[name])

    def hflip(self, label: np.ndarray) -> np.ndarray:
        return self.mirrored[label].astype(label.dtype)

    def valid(self, target: Tensor) -> Tensor:
        known = super().valid(target)
        return known & (known & (target[:, 0] > 0)).any(2).any(1)[:, None, None]
