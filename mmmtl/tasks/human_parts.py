"""Human part segmentation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.colours import default_palette
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.semseg import SemSeg

PARTS = ('background', 'head', 'torso', 'upper arm', 'lower arm', 'upper leg', 'lower leg')
COLOURS = ((45, 45, 45), (230, 80, 60), (240, 180, 50), (60, 160, 90), (150, 215, 120), (55, 110, 200), (140, 190, 240))


@TASKS.register_module()
class HumanParts(SemSeg):
    """Human part segmentation.

    Labels are 0 (background), 1..6 (the parts of PASCAL-Context), and 255 where void. An image without any part is void
    as a whole, in training and in evaluation (SAK). PASCAL merges left and right parts, so a flip leaves labels
    unchanged; in other sets of classes a class whose name begins with ``left`` is swapped with the class of the same
    name that begins with ``right``.

    Args:
        name: See `Task`.
        classes: Class names in the order of the label values; the first is the background.
        palette: One RGB colour per class; by default the background is grey.
        absent: See `SemSeg`; by default an absent class counts as 0 (SAK).
        loss: See `SemSeg`.
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
            palette = COLOURS if tuple(classes) == PARTS else [COLOURS[0], *default_palette(len(classes) - 1)]
        super().__init__(name, classes, palette, absent=absent, loss=loss)

        twins = {name: name.replace('left', 'right', 1) for name in self.classes if name.startswith('left')}
        twins |= {right: left for left, right in twins.items()}
        self.flipped_class = np.arange(256)
        for index, name in enumerate(self.classes):
            if twins.get(name) in self.classes:
                self.flipped_class[index] = self.classes.index(twins[name])
        self.swaps_sides = bool((self.flipped_class != np.arange(256)).any())

    def hflip(self, label: np.ndarray) -> np.ndarray:
        if not self.swaps_sides:
            return label
        return self.flipped_class.astype(label.dtype).take(label)

    def valid(self, target: Tensor) -> Tensor:
        known = super().valid(target)
        return known & (known & (target[:, 0] > 0)).any(2).any(1)[:, None, None]
