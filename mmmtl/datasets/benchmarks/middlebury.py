"""Middlebury stereo datasets of 2014 and later: rectified pairs with dense disparity of both views."""

import re
from pathlib import Path

import numpy as np

from mmmtl.datasets.benchmarks.rectified_pose import right_T_left
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import Record, View, scene_records
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.files.text_files import read_lines
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class Middlebury(MultiTaskDataset):
    """Middlebury stereo pairs (Scharstein et al., "High-resolution stereo datasets ...", GCPR 2014).

    ::

        root/
        └── SCENE/
            ├── im0.png, im1.png        left, right
            ├── disp0.pfm, disp1.pfm    pixels, inf = unknown; either may be missing
            └── calib.txt               cam0, cam1 in pixels, doffs in pixels, baseline in millimetres

    Depth is f B / (d + doffs) in metres. The calibration files put the centre of the first pixel at 0; we put it at
    0.5, so principal points are increased by 0.5.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        view_mode: ``'single'`` for one record per view, ``'stereo'`` for one record per pair, left first.
        **kwargs: Options of `MultiTaskDataset`; labels: ``depth``.

    Raises:
        ConfigError: ``view_mode`` is unknown.
        DataError: A file is missing, or a calibration has a different format.
    """

    def __init__(self, *, root: str, view_mode: str = 'stereo', **kwargs) -> None:
        if view_mode not in ('single', 'stereo'):
            raise ConfigError(f"Middlebury.view_mode must be 'single' or 'stereo', found {view_mode!r}")
        self.root, self.view_mode = data_root(root), view_mode
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        records = []
        files = ListedFiles()
        for path in required_files(self.root, '*/calib.txt', 'scenes of Middlebury'):
            records += scene_records(path.parent.name, self._views(path, files), self.view_mode)
        return records

    def _views(self, path: Path, files: ListedFiles) -> tuple[View, ...]:
        cameras, doffs, baseline = read_middlebury_calibration(path)
        views = []
        for side, (intrinsics, pose) in enumerate(zip(cameras, (np.eye(4), right_T_left(baseline)), strict=True)):
            disparity = path.with_name(f'disp{side}.pfm')
            reader = DepthFromDisparity(disparity, intrinsics[0, 0], baseline, shift=doffs, void=float('inf'))
            labels = {'depth': reader} if disparity in files else {}
            image = files.required(path.with_name(f'im{side}.png'), f'{("left", "right")[side]} image of the pair')
            views.append(View(image, labels, intrinsics, pose))
        return tuple(views)

    def __repr__(self) -> str:
        return f'Middlebury({self.root})'


def read_middlebury_calibration(path: Path) -> tuple[tuple[np.ndarray, np.ndarray], float, float]:
    """Read the intrinsics (3, 3) of both cameras with pixel centres at +0.5, doffs in pixels, baseline in metres.

    Raises:
        DataError: The file has a different format, or its values contradict each other.
    """
    try:
        entries = dict(line.split('=', 1) for line in read_lines(path).values() if '=' in line)
        left, right = (
            np.array(re.sub(r'[\[\];]', ' ', entries[f'cam{side}']).split(), float).reshape(3, 3) for side in (0, 1)
        )
        doffs, baseline = float(entries['doffs']), float(entries['baseline']) / 1000
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f'{path}: expected a Middlebury calibration with cam0, cam1, doffs and baseline '
            f'({type(error).__name__}: {error}); restore it'
        ) from None
    if not baseline > 0:
        raise DataError(f'{path}: the baseline is {1000 * baseline:g} mm, expected a number above 0; restore the file')
    if abs(right[0, 2] - left[0, 2] - doffs) > 0.01:
        raise DataError(
            f'{path}: doffs is {doffs:g}, but the principal points are '
            f'{right[0, 2] - left[0, 2]:g} apart; restore the file'
        )
    for intrinsics in (left, right):
        intrinsics[:2, 2] += 0.5
    return (left, right), doffs, baseline
