"""Dense prediction tasks, one file each. The contract of a task is `Task`.

Examples:
    >>> tasks = build_tasks({'semseg': dict(type='SemSeg', classes=['floor', 'wall']), 'depth': dict(type='Depth')})
    >>> logits = {name: torch.randn(2, task.channels, 4, 6) for name, task in tasks.items()}
    >>> {name: tuple(task.predict(logits[name]).shape) for name, task in tasks.items()}
    {'semseg': (2, 1, 4, 6), 'depth': (2, 1, 4, 6)}
"""

from mmmtl.tasks.building import build_tasks, require_capability
from mmmtl.tasks.confidence import Confidence
from mmmtl.tasks.depth import Depth
from mmmtl.tasks.disparity import Disparity
from mmmtl.tasks.edge import Edge
from mmmtl.tasks.human_parts import HumanParts
from mmmtl.tasks.inverse_depth import InverseDepth
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.normal import Normal
from mmmtl.tasks.saliency import Saliency
from mmmtl.tasks.semseg import SemSeg
from mmmtl.tasks.task import Task

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
    'require_capability',
    'unchanged',
]
