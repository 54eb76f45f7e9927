"""MTPSL (Li, Liu and Bilen, CVPR 2022) and its alternatives, as changes to a supervised recipe.

All of them use every image twice: one crop for the task losses, one for the consistency loss.
"""

from mmmtl.datasets import LabelList, LabelRatio
from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import (
    ContrastiveLoss,
    CrossTaskConsistency,
    DirectMap,
    DiscriminatorLoss,
    PerceptualMap,
    ResidualJointTaskSpace,
    SemiSupervised,
)
from mmmtl.optim import GroupStepLR, NamedGroups

# label settings; the tables are the published ones of MTPSL, the ratios are drawn by us
nyuv2_onelabel = {'train_dataloader.dataset.label_setting': dict(type=LabelList, file='nyuv2_onelabel')}
nyuv2_randomlabels = {'train_dataloader.dataset.label_setting': dict(type=LabelList, file='nyuv2_randomlabels')}
cityscapes_onelabel = {'train_dataloader.dataset.label_setting': dict(type=LabelList, file='cityscapes_onelabel')}
cityscapes_ratio_1_9 = {
    'train_dataloader.dataset.label_setting': dict(type=LabelRatio, ratio=dict(semseg=1, depth=9)),
}
cityscapes_ratio_9_1 = {
    'train_dataloader.dataset.label_setting': dict(type=LabelRatio, ratio=dict(semseg=9, depth=1)),
}
pascal_onelabel = {'train_dataloader.dataset.label_setting': dict(type=LabelList, file='pascal_onelabel')}
pascal_randomlabels = {'train_dataloader.dataset.label_setting': dict(type=LabelList, file='pascal_randomlabels')}

two_crops = {'train_dataloader.dataset.pipeline.PackViews': dict(type=TwoCrops)}
_every_image = {'model.consistency_losses.cross_task.from_tasks': 'all'}  # also use images with full labels
semi = {**two_crops, 'model.consistency_losses.semi': dict(type=SemiSupervised)}
direct_map = {**two_crops, 'model.consistency_losses.direct_map': dict(type=DirectMap)}
perceptual_map = {**two_crops, 'model.consistency_losses.perceptual_map': dict(type=PerceptualMap)}
contrastive = {**two_crops, 'model.consistency_losses.contrastive': dict(type=ContrastiveLoss)}
discriminator = {**two_crops, 'model.consistency_losses.discriminator': dict(type=DiscriminatorLoss)}
cross_task = {**two_crops, 'model.consistency_losses.cross_task': dict(type=CrossTaskConsistency, weight=2.0)}
cross_task_full = {**cross_task, **_every_image}
no_cond = {'model.consistency_losses.cross_task.space.conditioned': False}
no_reg = {'model.consistency_losses.cross_task.regularizer': 0.0}
residual_space = {'model.consistency_losses.cross_task.space': dict(type=ResidualJointTaskSpace)}

# FiLM has its own parameter group; its learning rate is halved every 30 epochs
film = {
    'optim_wrapper.constructor': NamedGroups,
    'optim_wrapper.paramwise_cfg': dict(film=dict(keys=['film'], lr=1e-3)),
    'param_scheduler': [
        dict(type=GroupStepLR, groups=['rest'], by_epoch=True, step_size=100, gamma=0.5),
        dict(type=GroupStepLR, groups=['film'], by_epoch=True, step_size=30, gamma=0.5),
    ],
}
film_cityscapes = {**film, 'optim_wrapper.paramwise_cfg': dict(film=dict(keys=['film'], lr=1e-5))}
