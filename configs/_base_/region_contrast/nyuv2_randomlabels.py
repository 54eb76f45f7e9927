"""Region contrast's recipe (Li et al., ECCV 2024) on NYUv2, one or two labels per image.

Batches of 10; the term is ramped over 20 epochs. Regions come from SAM: ``tools/generate_regions.py
CONFIG --backend sam --checkpoint sam_vit_h_4b8939.pth --out $MMMTL_DATA/regions/nyuv2``.
"""

from mmengine.config import read_base

from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from ..datasets.nyuv2_13_randomlabels import *
    from ..default_runtime import *
    from ..schedules.region_contrast_film_20e import *

train_dataloader.update(batch_size=10)
train_dataloader['dataset'].update(regions='regions/nyuv2')
custom_hooks = [dict(type=ConsistencyRampHook, name='region_contrast', epochs=20)]
