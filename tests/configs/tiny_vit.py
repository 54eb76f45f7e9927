"""For tests of sharding, checkpointed activations and compiling: the tiny rooms with a vision transformer of timm."""

from mmengine.config import read_base

with read_base():
    from .tiny_rooms_plain import *

del train_dataloader['dataset']['label_setting']
model['backbone'] = dict(type=TimmBackbone, model_name='test_vit', img_size=32, out_indices=(1, 3))
optim_wrapper = dict(
    type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=1e-3, eps=1e-3), clip_grad=dict(max_norm=1.0)
)
train_cfg = dict(by_epoch=False, max_iters=6, val_interval=4)
default_hooks['logger'].update(interval=1)
default_hooks['checkpoint'].update(interval=3)
