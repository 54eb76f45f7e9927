"""Generated rooms, 128 x 128, 2000 training views of 1000 rooms: semseg (13 NYU classes), depth and normals."""

from mmengine.config import read_base

with read_base():
    from .synthetic_rooms import *

protocol = 'rooms/128x128'
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader['dataset'].update(size=(128, 128))
train_dataloader['dataset'].update(scenes=1000)
