"""Which matches of a stereo matcher are right: the data from which confidence is learnt."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.label_readers.pseudo_disparity import computed_folder, read_pseudo_disparity
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset
from mmmtl.datasets.records import LabelReader, Record, View
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS
from mmmtl.tasks import Depth, Task

DEPTH = Depth('depth')  # reads the true depth also where no such task is learnt


@dataclass(frozen=True)
class RightMatches:
    """1 where a matched disparity is within ``tolerance`` of the true one, 0 where not, unknown where one of them is.

    Args:
        path: Of the pseudo disparity.
        depth: The true depth of that view.
        rig: (focal in pixels, baseline in metres, doffs in pixels).
        tolerance: Pixels.
    """

    path: Path
    depth: LabelReader
    rig: tuple[float, float, float]
    tolerance: float

    def load(self, task: Task) -> np.ndarray:
        """(H, W) float32."""
        error = np.abs(read_pseudo_disparity(self.path) - self.truth())
        with np.errstate(invalid='ignore'):
            return np.where(np.isfinite(error), error <= self.tolerance, task.void).astype(np.float32)

    def truth(self) -> np.ndarray:
        """The true disparity in pixels (H, W), NaN where unknown."""
        focal, baseline, doffs = self.rig
        depth = self.depth.load(DEPTH)
        known = depth > 0
        return np.where(known, focal * baseline / np.where(known, depth, 1) - doffs, np.nan).astype(np.float32)


@DATASETS.register_module()
class StereoMatches(MultiTaskDataset):
    """Pairs of another data set with the label ``confidence``: which of a matcher's disparities are right.

    What CCNN is taught with. The disparities themselves are what `LoadPseudoLabels` loads.

    Args:
        pairs: Config of a data set of rectified pairs (``view_mode='stereo'``) with true depth.
        folder: Of the pseudo disparities of these pairs, see `LoadPseudoLabels`.
        tolerance: Pixels within which a match is right.
        kwargs: Those of `MultiTaskDataset`; knows ``confidence``.

    Raises:
        ConfigError: The data set gives no pairs with true depth.
    """

    def __init__(self, *, pairs: dict, folder: str, tolerance: float = 1.0, **kwargs) -> None:
        self.pairs = {**pairs, 'tasks': {'depth': DEPTH}, 'pipeline': []}
        self.folder, self.tolerance = computed_folder(folder), tolerance
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        dataset = DATASETS.build(self.pairs)
        self.name = f'StereoMatches({dataset}, {self.tolerance:g} px)'
        return [
            Record(record.name, tuple(self._view(record, number) for number in range(len(record.views))))
            for record in dataset.records
        ]

    def _view(self, record: Record, number: int) -> View:
        if len(record.views) != 2 or any(view.camera_T_world is None for view in record.views):
            raise ConfigError(f"StereoMatches.pairs: {record.name} is no pair with cameras; give it view_mode='stereo'")
        view, (left, right) = record.views[number], record.views
        labels = {}
        if 'depth' in view.labels:
            rig = (
                float(left.intrinsics[0, 0]),
                float(left.camera_T_world[0, 3] - right.camera_T_world[0, 3]),
                float(right.intrinsics[0, 2] - left.intrinsics[0, 2]),
            )
            path = self.folder / record.name / f'{number}_disparity.png'
            labels['confidence'] = RightMatches(path, view.labels['depth'], rig, self.tolerance)
        return View(view.image, labels, view.intrinsics, view.camera_T_world)

    def __repr__(self) -> str:
        return self.name
