"""Middlebury's stereo sets of 2014 and later: rectified pairs with dense disparity of both views."""

import re
from pathlib import Path

import numpy as np

from mmmtl.datasets.benchmarks.rectified_pose import right_of_left
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import Record, View, scene_records
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.required_files import required_file, required_files
from mmmtl.files.text_files import read_lines
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class Middlebury(MultiTaskDataset):
    """Scharstein et al., "High-resolution stereo datasets with subpixel-accurate ground truth", GCPR 2014.

    ::

        root/
        └── SCENE/
            ├── im0.png, im1.png        left, right
            ├── disp0.pfm, disp1.pfm    pixels, inf = unknown; either may be missing
            └── calib.txt               cam0, cam1 in pixels, doffs in pixels, baseline in millimetres

    Depth is f B / (d + doffs). Calibrations count pixels from the middle of the first one; ours are half a pixel more.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        view_mode: ``'single'`` or ``'stereo'``.
        kwargs: Those of `MultiTaskDataset`; knows ``depth``.

    Raises:
        DataError: A file is missing, or a calibration holds something else.
    """

    def __init__(self, *, root: str, view_mode: str = 'stereo', **kwargs) -> None:
        if view_mode not in ('single', 'stereo'):
            raise ConfigError(f"Middlebury.view_mode must be 'single' or 'stereo', found {view_mode!r}")
        self.root, self.view_mode = data_root(root), view_mode
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        records = []
        for path in required_files(self.root, '*/calib.txt', 'scenes of Middlebury'):
            records += scene_records(path.parent.name, self._views(path), self.view_mode)
        return records

    def _views(self, path: Path) -> tuple[View, ...]:
        cameras, doffs, baseline = read_calibration(path)
        views = []
        for number, (intrinsics, pose) in enumerate(zip(cameras, (np.eye(4), right_of_left(baseline)), strict=True)):
            disparity = path.with_name(f'disp{number}.pfm')
            source = DepthFromDisparity(disparity, intrinsics[0, 0], baseline, shift=doffs, void=float('inf'))
            labels = {'depth': source} if disparity.is_file() else {}
            image = required_file(path.with_name(f'im{number}.png'), f'{("left", "right")[number]} image of the pair')
            views.append(View(image, labels, intrinsics, pose))
        return tuple(views)

    def __repr__(self) -> str:
        return f'Middlebury({self.root})'


def read_calibration(path: Path) -> tuple[tuple[np.ndarray, np.ndarray], float, float]:
    """Intrinsics (3, 3) of both cameras with pixel centres at +0.5, doffs in pixels, baseline in metres.

    Raises:
        DataError: The file holds something else, or its numbers contradict each other.
    """
    try:
        entries = dict(line.split('=', 1) for line in read_lines(path).values() if '=' in line)
        cameras = tuple(
            np.array(re.sub(r'[\[\];]', ' ', entries[f'cam{number}']).split(), float).reshape(3, 3) for number in (0, 1)
        )
        doffs, baseline = float(entries['doffs']), float(entries['baseline']) / 1000
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f'{path}: expected a calibration of Middlebury with cam0, cam1, doffs and baseline '
            f'({type(error).__name__}: {error}); restore it'
        ) from None
    if not baseline > 0:
        raise DataError(f'{path}: the baseline is {1000 * baseline:g} mm, expected a number above 0; restore the file')
    if abs(cameras[1][0, 2] - cameras[0][0, 2] - doffs) > 0.01:
        raise DataError(
            f'{path}: doffs is {doffs:g}, but the principal points are '
            f'{cameras[1][0, 2] - cameras[0][0, 2]:g} apart; restore the file'
        )
    for intrinsics in cameras:
        intrinsics[:2, 2] += 0.5
    return cameras, doffs, baseline
