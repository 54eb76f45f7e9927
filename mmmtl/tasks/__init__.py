"""What a task means: one file per task, the contract in `task.py`."""

from mmmtl.tasks.depth import Depth
from mmmtl.tasks.normal import Normal
from mmmtl.tasks.semseg import SemSeg
from mmmtl.tasks.task import Task, build_tasks

__all__ = ['Depth', 'Normal', 'SemSeg', 'Task', 'build_tasks']
