"""What a task means: one file per task, the contract in `task.py`."""

from mmmtl.tasks.depth import Depth
from mmmtl.tasks.edge import Edge
from mmmtl.tasks.human_parts import HumanParts
from mmmtl.tasks.normal import Normal
from mmmtl.tasks.saliency import Saliency
from mmmtl.tasks.semseg import SemSeg
from mmmtl.tasks.task import Task, build_tasks

__all__ = ['Depth', 'Edge', 'HumanParts', 'Normal', 'Saliency', 'SemSeg', 'Task', 'build_tasks']
