"""Larger version of the small MTPSL tables: the published SegNet on rooms of 96 x 128, one label per image, bf16."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .methods import cross_task, direct_map, perceptual_map, semi

_segnet = '../baseline/conv_segnet_b8_2e_rooms_full.py'
_onelabel = {
    'train_dataloader.dataset.label_setting': dict(type=OneLabel),
    'optim_wrapper': dict(type=MixedPrecisionOptimWrapper, dtype='bfloat16'),
}
_ramp_cross_task = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='cross_task', iterations=500)])

rows = dict(
    onelabel_supervised=(_segnet, _onelabel),
    onelabel_semi=(_segnet, _onelabel, semi),
    onelabel_direct_map=(_segnet, _onelabel, direct_map),
    onelabel_perceptual_map=(_segnet, _onelabel, perceptual_map),
    onelabel_cross_task=(_segnet, _onelabel, cross_task),
    onelabel_cross_task_ramp=(_segnet, _onelabel, cross_task, _ramp_cross_task),
)
