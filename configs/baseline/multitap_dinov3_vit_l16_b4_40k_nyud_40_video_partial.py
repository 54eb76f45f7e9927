"""DINOv3 ViT-L/16 on NYUD-v2 with posed video pairs, with SAK's recipe; baseline of CvM."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.nyud_40_sak_video import *
    from .._base_.models.multitap_dinov3_vit_l16 import *
    from .._base_.schedules.sak_40k import *

model.update(tasks=tasks, reduction='pixels', loss_weighting=dict(weights=dict(semseg=1, depth=1, normal=10, edge=50)))
train_dataloader['sampler'].update(endless=True)
