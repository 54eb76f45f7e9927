"""MTPSL's optimisation with the FiLM parameters by themselves: from 1e-3 on NYUv2, halved every 30 epochs."""

from mmengine.config import read_base

from mmmtl.optim import GroupStepLR, NamedGroups

with read_base():
    from .mtpsl_200e import *

optim_wrapper.update(constructor=NamedGroups, paramwise_cfg=dict(film=dict(keys=['film'], lr=1e-3)))
param_scheduler = [
    dict(type=GroupStepLR, groups=['rest'], by_epoch=True, step_size=100, gamma=0.5),
    dict(type=GroupStepLR, groups=['film'], by_epoch=True, step_size=30, gamma=0.5),
]
