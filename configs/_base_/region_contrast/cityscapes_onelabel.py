"""Region contrast's recipe (Li et al., ECCV 2024) on Cityscapes, one label per image.

Batches of 10; the term is ramped over 20 epochs. Regions come from SAM: ``tools/generate_regions.py
CONFIG --backend sam --checkpoint sam_vit_h_4b8939.pth --out $MMMTL_DATA/regions/cityscapes``.
"""

from mmengine.config import read_base

from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from ..datasets.cityscapes_7_onelabel import *
    from ..default_runtime import *
    from ..schedules.region_contrast_film_20e import *

train_dataloader.update(batch_size=10)
train_dataloader['dataset'].update(regions='regions/cityscapes')
custom_hooks = [dict(type=ConsistencyRampHook, name='region_contrast', epochs=20)]
param_scheduler[0].update(periods=[10] * 10, restart_weights=[1.0] * 10)
train_cfg.update(max_epochs=100, val_interval=100)
