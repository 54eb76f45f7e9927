"""Region-aware distribution contrast (Li et al., ECCV 2024) and its alternatives, as changes to a recipe.

The weight of the contrast is raised from 0 over 20 epochs. The regions come from SAM: ``mmmtl regions CONFIG
--backend sam --checkpoint sam_vit_h_4b8939.pth --out $MMMTL_DATA/regions/nyuv2`` (or ``.../cityscapes``); those of
``classes`` from labels: ``mmmtl regions CONFIG --backend semseg --out $MMMTL_DATA/regions/nyuv2_classes``.
"""

from mmengine.config import read_base

from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.consistency_losses import RegionContrast
from mmmtl.optim import GroupCosineRestartLR, GroupStepLR, NamedGroups

with read_base():
    from ..mtpsl.methods import (
        cityscapes_onelabel,
        cross_task,
        nyuv2_onelabel,
        nyuv2_randomlabels,
    )

# the regularizer compares the output of the mapping network with HRNet's coarsest map, which has 144 channels
cross_task_hrnet = {
    **cross_task,
    'model.consistency_losses.cross_task.space': dict(widths=(64, 128, 256, 512, 144)),
}
from_all_tasks = {'model.consistency_losses.region_contrast.from_tasks': 'all'}  # also use images with full labels

# FiLM has its own parameter group; its learning rate is halved every 10 epochs
film = {
    'optim_wrapper.constructor': NamedGroups,
    'optim_wrapper.paramwise_cfg': dict(film=dict(keys=['film'], lr=1e-3)),
    'param_scheduler': [
        dict(
            type=GroupCosineRestartLR,
            groups=['rest'],
            periods=[10] * 2,
            restart_weights=[1.0] * 2,
            eta_min=1e-6,
            by_epoch=True,
        ),
        dict(type=GroupStepLR, groups=['film'], by_epoch=True, step_size=10, gamma=0.5),
    ],
}
# on Cityscapes the cosine schedule has ten periods
ten_restarts = {'param_scheduler.0.periods': [10] * 10, 'param_scheduler.0.restart_weights': [1.0] * 10}

_ramp = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='region_contrast', epochs=20)])
_contrast = {**_ramp, 'model.consistency_losses.region_contrast': dict(type=RegionContrast, weight=0.15)}
region = {**_contrast, 'train_dataloader.dataset.regions': 'regions/nyuv2'}
region_cityscapes = {**_contrast, 'train_dataloader.dataset.regions': 'regions/cityscapes'}
classes = {**_contrast, 'train_dataloader.dataset.regions': 'regions/nyuv2_classes'}
patch = {**_contrast, 'model.consistency_losses.region_contrast.regions.patches': (4, 4)}
kl = {'model.consistency_losses.region_contrast.compare': 'kl'}
vector = {'model.consistency_losses.region_contrast.compare': 'vector'}
pixel = {'model.consistency_losses.region_contrast.compare': 'pixel'}
