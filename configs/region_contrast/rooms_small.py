"""Small version of region contrast: a small SegNet on small generated rooms, one label per image; regions are objects.

Compare with rows ``onelabel_supervised``, ``onelabel_cross_task`` and ``onelabel_cross_task_ramp`` of
``mtpsl/rooms_small.py``.
"""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from .methods import _contrast, pixel, vector

_segnet = '../baseline/conv_segnet_small_b8_4e_rooms_small_full.py'
_small = {
    **_contrast,
    'custom_hooks': [dict(type=ConsistencyRampHook, name='region_contrast', epochs=4)],
    'model.consistency_losses.region_contrast.space': dict(widths=(8, 16, 16)),
    'train_dataloader.dataset.label_setting': dict(type=OneLabel),
}
_regions = {
    **_small,
    'model.consistency_losses.region_contrast.regions.max_regions': 9,
    'train_dataloader.dataset.regions': 'instances',
}

rows = dict(
    patch_gaussian=(_segnet, _small, {'model.consistency_losses.region_contrast.regions.patches': (3, 3)}),
    region_gaussian=(_segnet, _regions),
    region_pixel=(_segnet, _regions, pixel),
    region_vector=(_segnet, _regions, vector),
)
