"""Training data for confidence networks: which disparities of a stereo matcher are correct."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.label_readers.pseudo_disparity import read_pseudo_disparity
from mmmtl.datasets.label_readers.pseudo_labels import pseudo_label_folder
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset
from mmmtl.datasets.records import LabelReader, Record, View
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS
from mmmtl.tasks import Depth, Task

DEPTH = Depth('depth')  # task to read the true depth with, whether or not it is learnt


@dataclass(frozen=True)
class CorrectMatches:
    """Label reader: 1 where a matched disparity is correct, 0 where it is wrong, void where either is unknown.

    Args:
        path: File of the matched (pseudo) disparity.
        depth: Reader of the true depth of that view.
        rig: (focal length in pixels, baseline in metres, doffs in pixels).
        tolerance: Largest error of a correct disparity in pixels.
    """

    path: Path
    depth: LabelReader
    rig: tuple[float, float, float]
    tolerance: float

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) float32 in {0, 1}, the task's void where unknown."""
        error = np.abs(read_pseudo_disparity(self.path) - self.truth())
        with np.errstate(invalid='ignore'):
            return np.where(np.isfinite(error), error <= self.tolerance, task.void).astype(np.float32)

    def truth(self) -> np.ndarray:
        """Return the true disparity (H, W) float32 in pixels, f B / depth - doffs, NaN where unknown."""
        focal, baseline, doffs = self.rig
        depth = self.depth.load(DEPTH)
        known = depth > 0
        return np.where(known, focal * baseline / np.where(known, depth, 1) - doffs, np.nan).astype(np.float32)


@DATASETS.register_module()
class StereoMatches(MultiTaskDataset):
    """Stereo pairs of another dataset with the label ``confidence``: 1 where a matched disparity is correct.

    Training data for CCNN (Poggi and Mattoccia, BMVC 2016). `LoadPseudoLabels` loads the disparities themselves.

    Args:
        pairs: Config of a dataset of rectified pairs (``view_mode='stereo'``) with true depth.
        folder: Folder of the pseudo disparities of these pairs, see `LoadPseudoLabels`.
        tolerance: Largest error of a correct disparity in pixels.
        **kwargs: Options of `MultiTaskDataset`; the label is ``confidence``.

    Raises:
        ConfigError: The dataset does not return pairs with cameras.
    """

    def __init__(self, *, pairs: dict, folder: str, tolerance: float = 1.0, **kwargs) -> None:
        self.pairs = {**pairs, 'tasks': {'depth': DEPTH}, 'pipeline': []}
        self.folder, self.tolerance = pseudo_label_folder(folder), tolerance
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        dataset = DATASETS.build(self.pairs)
        self.name = f'StereoMatches({dataset}, {self.tolerance:g} px)'
        return [
            Record(record.name, tuple(self._view(record, index) for index in range(len(record.views))), record.scene)
            for record in dataset.records
        ]

    def _view(self, record: Record, index: int) -> View:
        if len(record.views) != 2 or any(view.camera_T_world is None for view in record.views):
            raise ConfigError(f"StereoMatches.pairs: {record.name} is not a pair with cameras; set view_mode='stereo'")
        view, (left, right) = record.views[index], record.views
        labels: dict[str, LabelReader] = {}
        if 'depth' in view.labels:
            (left_camera, left_pose), (right_camera, right_pose) = (
                (np.asarray(side.intrinsics), np.asarray(side.camera_T_world)) for side in (left, right)
            )
            rig = (
                float(left_camera[0, 0]),
                float(left_pose[0, 3] - right_pose[0, 3]),
                float(right_camera[0, 2] - left_camera[0, 2]),
            )
            path = self.folder / record.name / f'{index}_disparity.png'
            labels['confidence'] = CorrectMatches(path, view.labels['depth'], rig, self.tolerance)
        return View(view.image, labels, view.intrinsics, view.camera_T_world)

    def __repr__(self) -> str:
        return self.name
