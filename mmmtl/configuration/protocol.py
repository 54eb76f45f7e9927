"""What an evaluation protocol prescribes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Data = tuple[str, Mapping[str, Any]]  # name of a data set's class, its arguments

ANGLE_METRICS = ('mean', 'median', 'rmse', 'within_11.25', 'within_22.5', 'within_30')
CLASS_METRICS = ('mIoU', 'pixel_accuracy')
EDGE_METRICS = ('odsF', 'oisF', 'AP')
DEPTH_METRICS = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'delta1', 'delta2', 'delta3')
ALL_VALID_DEPTH = dict(kind='Depth', min_depth=0.0, max_depth=None, crop=None)  # every valid pixel is evaluated
VIEW_PARTS = (('two_views', 'all'), ('one_view', 'single'))  # parts of a data set, and their option ``view_mode``


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Settings that two comparable results have in common; `mmmtl.configuration.protocol_check` checks configs.

    Args:
        about: What is evaluated, and the source of the rules.
        size: (H, W) of every image in the evaluation; None if images keep their own size.
        dataset: Class name and required arguments of the test data set, or ``{part: ...}`` for a data set of several
            parts.
        tasks: Required attributes of each task: its class (``kind``), channels, crop and limits of depth, tolerance and
            thresholds of edges.
        metrics: The reported metrics of each task; the first one is used in Delta_MTL.
        reduction: Required ``reduction`` of the model, None if any is allowed.
    """

    about: str
    size: tuple[int, int] | None
    dataset: Data | Mapping[str, Data]
    tasks: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, tuple[str, ...]]
    reduction: str | None = None
