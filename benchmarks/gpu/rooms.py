"""Rows for generated rooms, one label per image, bf16: the published networks without and with consistency losses."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.consistency_losses import RegionContrast
from mmmtl.models.decode_heads import HRNetHead
from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from ...configs.region_contrast.methods import cross_task, cross_task_hrnet

_segnet = '../../configs/baseline/conv_segnet_b8_2e_rooms_full.py'
_hrnet = '../../configs/baseline/aspp_hrnet_w18s_b8_2e_rooms_full.py'
_onelabel = {
    'train_dataloader.dataset.label_setting': dict(type=OneLabel),
    'optim_wrapper': dict(type=MixedPrecisionOptimWrapper, dtype='bfloat16'),
}
_hrnet_head = {'model.decode_head': dict(_delete_=True, type=HRNetHead), 'model.reduction': 'batch'}
_region = {
    'custom_hooks': [dict(type=ConsistencyRampHook, name='region_contrast', epochs=2)],
    'model.consistency_losses.region_contrast': dict(type=RegionContrast, weight=0.15, regions=dict(max_regions=9)),
    'train_dataloader.dataset.regions': 'instances',
}
_ramp_cross_task = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='cross_task', epochs=2)])

rows = dict(
    segnet_supervised=(_segnet, _onelabel),
    segnet_cross_task=(_segnet, _onelabel, cross_task, _ramp_cross_task),
    segnet_region_gaussian=(_segnet, _onelabel, _region),
    hrnet_supervised=(_hrnet, _hrnet_head, _onelabel),
    hrnet_cross_task=(_hrnet, _hrnet_head, _onelabel, cross_task_hrnet, _ramp_cross_task),
    hrnet_region_gaussian=(_hrnet, _hrnet_head, _onelabel, _region),
)
