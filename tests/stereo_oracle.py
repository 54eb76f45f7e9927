"""A batch of two stereo pairs, and Pseudo-MTL's equations 1-10 as NumPy loops over pixels for one of them."""

from collections.abc import Callable

import numpy as np
import torch
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import InverseDepth, SemSeg

PAIRS, H, W, K = 2, 5, 12, 3
FOCAL, BASELINE, DOFFS, UNIT = 15.0, 0.4, 1.5, 0.5
TASKS = {'semseg': SemSeg('semseg', 'abc'), 'depth': InverseDepth('depth', unit=UNIT)}


def batch(seed: int = 0) -> tuple[dict[str, Tensor], dict[str, Tensor], list[MultiTaskDataSample]]:
    """Random logits, labels and samples of two pairs, with gaps in labels, pseudo disparity and confidence."""
    rng = np.random.default_rng(seed)
    draw = lambda *shape: torch.from_numpy(rng.random(shape)).float()  # noqa: E731
    logits = {'semseg': 3 * draw(2 * PAIRS, K, H, W), 'depth': 0.05 + 0.4 * draw(2 * PAIRS, 1, H, W)}
    labels = torch.from_numpy(rng.integers(0, K, (2 * PAIRS, 1, H, W)))
    labels[draw(2 * PAIRS, 1, H, W) < 0.2] = 255
    samples = []
    for number in range(2 * PAIRS):
        side = number % 2
        sample = MultiTaskDataSample(
            metainfo={'view': side, 'num_views': 2, 'rectified': True, 'img_path': f'{number}.png'}
        )
        disparity, confidence = 0.1 + 0.4 * draw(1, H, W), draw(1, H, W)
        disparity[draw(1, H, W) < 0.15], confidence[draw(1, H, W) < 0.15] = 0, 0
        sample.gt = PixelData(semseg=labels[number], disparity=disparity, confidence=confidence)
        sample.intrinsics = torch.tensor([[FOCAL, 0, W / 2 + DOFFS * side], [0, FOCAL, H / 2], [0, 0, 1]])
        sample.camera_T_world = torch.eye(4)
        sample.camera_T_world[0, 3] = 3 - BASELINE * side
        samples.append(sample)
    return logits, {'semseg': labels, 'depth': torch.zeros(2 * PAIRS, 1, H, W)}, samples


class Oracle:
    """Maps of one pair as numpy; ``other(a, side, y, x)`` is G at one pixel, None outside."""

    def __init__(
        self,
        logits,
        samples,
        pair: int,
        how: str,
        tau: float,
        beta: float,
        warp_by: str,
        lr: float = 0.5,
        sides: tuple[float, float] = (1.0, 1.0),
    ):
        self.lr, self.sides = lr, sides
        indices = 2 * pair, 2 * pair + 1
        self.s = [torch.softmax(logits['semseg'][place], 0).double().numpy() for place in indices]
        self.pseudo = [samples[place].gt.disparity[0].double().numpy() for place in indices]  # focal lengths
        self.own = [BASELINE * logits['depth'][place, 0].double().numpy() / UNIT for place in indices]
        self.label = [samples[place].gt.semseg[0].numpy() for place in indices]
        self.b = self.pseudo if warp_by == 'pseudo' else self.own
        raw = [samples[place].gt.confidence[0].double().numpy() for place in indices]
        self.c = [
            {
                'soft': np.where(c > 0, 1 / (1 + np.exp(-beta * (c - tau))), 0),
                'hard': (c >= tau) * (c > 0) * 1.0,
                'raw': c,
                'off': np.ones_like(c),
            }[how]
            for c in raw
        ]
        if warp_by == 'pseudo':
            self.c = [c * (p > 0) for c, p in zip(self.c, self.pseudo, strict=True)]

    def position(self, side: int, y: int, x: int) -> float | None:
        shift = FOCAL * self.b[side][y, x] - DOFFS
        at = x + 0.5 + (shift if side else -shift)
        return at if 0 <= at <= W else None

    def other(self, maps: list[np.ndarray], side: int, y: int, x: int):
        at = self.position(side, y, x) - 0.5
        low = int(np.floor(at))
        fraction = at - low
        row = maps[1 - side][..., y, :]
        return (1 - fraction) * row[..., min(max(low, 0), W - 1)] + fraction * row[..., min(max(low + 1, 0), W - 1)]

    def nearest(self, maps: list[np.ndarray], side: int, y: int, x: int) -> int:
        return maps[1 - side][y, min(int(np.floor(self.position(side, y, x))), W - 1)]

    def pixels(self, side: int):
        return [
            (y, x)
            for y in range(H)
            for x in range(W)
            if self.c[side][y, x] > 0 and self.position(side, y, x) is not None
        ]

    def l_reg(self, side: int, one: Callable, other: Callable, pixels=None) -> float:
        pixels = self.pixels(side) if pixels is None else pixels
        total = sum(self.c[side][p] * abs(one(*p) - other(*p)) * FOCAL / W for p in pixels)
        return total / max(sum(self.c[side][p] for p in pixels), 1e-6)

    def depth(self) -> float:
        """Eq. 3-6."""
        total = 0.0
        for side in (0, 1):
            own, pseudo = (lambda y, x, m=m: m[y, x] for m in (self.own[side], self.pseudo[side]))
            own_g, pseudo_g = (lambda y, x, m=m, side=side: self.other(m, side, y, x) for m in (self.own, self.pseudo))
            known = [np.where(p > 0, 1.0, 0) for p in self.pseudo]
            both = [p for p in self.pixels(side) if self.other(known, side, *p) > 0.999]
            to_pseudo = self.l_reg(side, pseudo, own_g) + self.l_reg(side, own, pseudo_g, both)
            total += self.lr * self.l_reg(side, own, own_g) + self.sides[side] * to_pseudo
        return total

    def classes(self) -> float:
        """Eq. 7-10."""
        total = 0.0
        for side in (0, 1):
            pixels = self.pixels(side)
            between, to_label, from_label = [], [], []
            for y, x in pixels:
                own, found = self.s[side][:, y, x], self.other(self.s, side, y, x)
                prediction, target = (own, found) if side == 0 else (found, own)
                c = self.c[side][y, x]
                between.append(-c * (target * np.log(prediction)).sum())
                if self.label[side][y, x] != 255:
                    to_label.append(-c * np.log(found[self.label[side][y, x]]))
                label = self.nearest(self.label, side, y, x)
                if label != 255:
                    from_label.append(-c * np.log(own[label]))
            total += self.lr * np.mean(between) + self.sides[side] * (np.mean(to_label) + np.mean(from_label))
        return total

    def regression(self) -> float:
        """Eq. 1."""
        return sum(
            self.l_reg(
                side,
                lambda y, x, m=self.own[side]: m[y, x],
                lambda y, x, m=self.pseudo[side]: m[y, x],
                [(y, x) for y in range(H) for x in range(W)],
            )
            for side in (0, 1)
        )
