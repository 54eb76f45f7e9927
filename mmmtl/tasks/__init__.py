"""What a task means: one file per task, the contract in `task.py`."""

from mmmtl.tasks.confidence import Confidence
from mmmtl.tasks.depth import Depth
from mmmtl.tasks.disparity import Disparity
from mmmtl.tasks.edge import Edge
from mmmtl.tasks.human_parts import HumanParts
from mmmtl.tasks.inverse_depth import InverseDepth
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.normal import Normal
from mmmtl.tasks.saliency import Saliency
from mmmtl.tasks.semseg import SemSeg
from mmmtl.tasks.task import Task, build_tasks, require, unchanged

__all__ = [
    'Confidence',
    'Depth',
    'Disparity',
    'Edge',
    'HumanParts',
    'InverseDepth',
    'Loss',
    'Normal',
    'Saliency',
    'SemSeg',
    'Task',
    'build_tasks',
    'require',
    'unchanged',
]
