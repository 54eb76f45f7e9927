"""The same with the FiLM parameters by themselves: from 1e-3, halved every 10 epochs."""

from mmengine.config import read_base

from mmmtl.optim import GroupCosineRestartLR, GroupStepLR, NamedGroups

with read_base():
    from .region_contrast_20e import *

optim_wrapper.update(constructor=NamedGroups, paramwise_cfg=dict(film=dict(keys=['film'], lr=1e-3)))
param_scheduler = [
    dict(type=GroupCosineRestartLR, groups=['rest'], periods=[10] * 2, restart_weights=[1.0] * 2, eta_min=1e-6,
         by_epoch=True),
    dict(type=GroupStepLR, groups=['film'], by_epoch=True, step_size=10, gamma=0.5),
]
