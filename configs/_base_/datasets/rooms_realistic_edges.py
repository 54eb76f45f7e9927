"""The rooms of `rooms_realistic` at 192 x 256, with the boundaries of instances as a fourth task.

The 2120 rooms take 1 GB, and five minutes of one core to draw.
"""

from mmengine.config import read_base

from mmmtl.tasks import Edge

with read_base():
    from .rooms_realistic import *

protocol = 'rooms/realistic-edges'
tasks.update(edge=dict(type=Edge, max_distance='nyud'))
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader['dataset'].update(tasks=tasks, size=(192, 256))
val_evaluator.update(tasks=tasks)
test_evaluator.update(tasks=tasks)
