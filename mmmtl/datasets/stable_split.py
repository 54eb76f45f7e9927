"""Hold out a part of a dataset that stays the same when images are added."""

import hashlib
from collections.abc import Sequence

from mmmtl.datasets.hold_out_split import HoldOutSplit
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class StableHoldOutSplit(HoldOutSplit):
    """Like `HoldOutSplit`, but whether a scene is held out depends on its name, not on the other scenes.

    A hash of seed and name gives every scene a position in [0, 1); those below ``fraction`` are held out, so new
    scenes do not move others from one part to the other. The held-out fraction is exact only on average. If a part
    would be empty, as may happen with few scenes, it gets one scene, the first or the last by position; this scene may
    move when scenes are added.

    Args:
        fraction: Expected fraction of the scenes to hold out, in (0, 1).
        give: ``'slice'`` to use the held-out records, ``'rest'`` to use the others.
        seed: Seed of the hash.
    """

    def held_scenes(self, scenes: Sequence[str]) -> set[str]:
        position = {scene: self._position(scene) for scene in scenes}
        ranked = sorted(scenes, key=lambda scene: position[scene])
        return {ranked[0], *(scene for scene in ranked[1:-1] if position[scene] < self.fraction)}

    def _position(self, scene: str) -> float:
        digest = hashlib.sha256(f'{self.seed}/{scene}'.encode()).digest()
        return int.from_bytes(digest[:8], 'big') / 2**64
