"""Compute or read the disparity of rectified pairs, and estimate its confidence.

Disparities are arrays (2, H, W) float32 in pixels, left then right, NaN where they are unknown; confidences are arrays
(2, H, W) in [0, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config

from mmmtl.apis.init_model import init_model
from mmmtl.datasets.records import is_any_of
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.reading import read_array
from mmmtl.geometry import left_right_difference


@dataclass(frozen=True)
class SemiGlobalMatcher:
    """Semi-global matching (Hirschmueller, TPAMI 2008) of both views with OpenCV.

    The right view is matched as the left view of the flipped pair. Images are padded by border replication, because
    OpenCV skips the first ``disparities`` columns; matches outside of the other image are unknown.

    Args:
        disparities: Search range in pixels, a multiple of 16.
        block: Side of the matched blocks in pixels, odd.
        smoothness: Factor of the penalties P1 = 8 * 3 * block^2 and P2 = 32 * 3 * block^2.
        uniqueness: Margin in percent by which the best match must beat the second best.
        speckle: Connected regions with fewer pixels are set to unknown; 0 keeps all.

    Raises:
        ConfigError: ``disparities`` or ``block`` is invalid.
    """

    disparities: int = 192
    block: int = 5
    smoothness: float = 1.0
    uniqueness: int = 5
    speckle: int = 0

    def __post_init__(self) -> None:
        if self.disparities < 16 or self.disparities % 16 or self.block % 2 == 0:
            raise ConfigError(
                f'SGBM: disparities must be a multiple of 16 and block odd, found {self.disparities} and {self.block}'
            )

    def __call__(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Match RGB images (H, W, 3) uint8; return the disparities of both views (2, H, W)."""
        found = self._match(left, right), self._match(right[:, ::-1], left[:, ::-1])[:, ::-1]
        return np.stack(found)

    def _match(self, view: np.ndarray, other: np.ndarray) -> np.ndarray:
        weight = round(self.smoothness * 3 * self.block**2)
        matcher = cv2.StereoSGBM.create(
            minDisparity=0,
            numDisparities=self.disparities,
            blockSize=self.block,
            P1=8 * weight,
            P2=32 * weight,
            disp12MaxDiff=-1,
            preFilterCap=63,
            uniquenessRatio=self.uniqueness,
            speckleWindowSize=self.speckle,
            speckleRange=2,
            mode=cv2.StereoSGBM_MODE_HH,
        )
        padded = [
            cv2.copyMakeBorder(np.ascontiguousarray(image), 0, 0, self.disparities, 0, cv2.BORDER_REPLICATE)
            for image in (view, other)
        ]
        disparity = matcher.compute(*padded)[:, self.disparities :].astype(np.float32) / 16
        outside = np.arange(view.shape[1]) + 0.5 - disparity < 0
        return np.where((disparity <= 0) | outside, np.float32(np.nan), disparity)


@dataclass(frozen=True)
class DisparityFolder:
    """Disparity files written by another program: d = raw * scale + offset in pixels.

    Args:
        root: Root folder.
        patterns: Paths of the left and right files below the root, with ``{record}`` for the name of the record and
            ``{stem}`` for the stem of the image file, e.g. ``('{stem}_left.png', '{stem}_right.png')``.
        scale: Pixels per unit of the file, 1 / 256 for the format of KITTI.
        offset: Offset in pixels.
        void: Raw value or values of unknown disparity.

    Raises:
        ConfigError: A pattern has an unknown placeholder.
    """

    root: str
    patterns: tuple[str, str]
    scale: float = 1.0
    offset: float = 0.0
    void: float | Sequence[float] = 0.0

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            try:
                pattern.format(record='', stem='')
            except (LookupError, ValueError, AttributeError):
                raise ConfigError(f'patterns: expected a path with {{record}} or {{stem}}, found {pattern!r}') from None

    def read(self, record: str, images: tuple[Path, Path], size: tuple[int, int]) -> np.ndarray:
        """Read the disparities (2, H, W) of one record.

        Args:
            record: Name of the record.
            images: Image files of the left and right view.
            size: Size (H, W) of the images.

        Raises:
            DataError: A file is missing, damaged or of a different size.
        """
        found = []
        for pattern, image in zip(self.patterns, images, strict=True):
            path = Path(self.root) / pattern.format(record=record, stem=image.stem)
            raw = read_array(path)
            if raw.shape != size:
                raise DataError(f'{path}: expected {size[0]} x {size[1]} disparities, found shape {raw.shape}')
            disparity = raw.astype(np.float32) * np.float32(self.scale) + np.float32(self.offset)
            found.append(np.where(~is_any_of(raw, self.void) & np.isfinite(disparity), disparity, np.float32(np.nan)))
        return np.stack(found)


def left_right_confidence(disparity: np.ndarray) -> np.ndarray:
    """Return exp(-|d - d'|), where d' is the disparity of the matched pixel: 1 if equal, 0 if either is unknown."""
    values = torch.from_numpy(disparity)[None, :, None]
    return left_right_difference(values, values.isfinite()).neg().exp()[0, :, 0].numpy()


class NetworkConfidence:
    """A trained network that predicts confidence from disparity (CCNN).

    Args:
        config: Config file of the network, or its loaded config; ``Confidence`` must be the only task.
        checkpoint: Weight file.
        device: Device of the network.

    Raises:
        ConfigError: The network has different tasks.
    """

    def __init__(self, config: str | Config, checkpoint: str, device: str = 'cpu') -> None:
        self.model = init_model(config, checkpoint, device)
        self.device = device
        if [task.quantity for task in self.model.tasks.values()] != ['confidence']:
            raise ConfigError(
                f'{checkpoint}: expected a network whose only task is Confidence, found the tasks '
                f'{", ".join(self.model.tasks)}'
            )

    @torch.no_grad()
    def __call__(self, disparity: np.ndarray) -> np.ndarray:
        """Predict the confidences (2, H, W) of both views, 0 where the disparity is unknown."""
        known = np.isfinite(disparity)
        pixels = torch.from_numpy(np.where(known, disparity, 0).astype(np.float32))
        data = self.model.data_preprocessor(
            {'inputs': list(pixels[:, None].expand(-1, 3, -1, -1).to(self.device)), 'data_samples': None}
        )
        ((name, logits),) = self.model(data['inputs']).items()
        return self.model.tasks[name].activate(logits)[:, 0].cpu().numpy() * known
