"""Consistency losses on small generated rooms from a pretrained encoder, EfficientNet-Lite0; one label per image.

A row ``..._share`` gives the consistency loss a tenth of the gradient of the tasks instead of its published weight;
``..._centred`` also centres the maps that are compared. ``two_crops`` has the second crops of MTPSL in its batches, but
no loss on them, for comparison.
``region_felzenszwalb`` needs ``mmmtl regions configs/mtpsl/rooms_small_lite0.py::supervised --backend felzenszwalb
--settings min_size=100 --out $MMMTL_DATA/regions/rooms_small``.
"""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.models import ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.consistency_losses import CrossTaskConsistency, GradientShare, RegionContrast
from mmmtl.models.decode_heads import FPNHead
from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..region_contrast.methods import pixel, vector
    from .methods import cross_task, direct_map, perceptual_map, semi, two_crops

_segnet = '../baseline/conv_segnet_small_b8_4e_rooms_small_full.py'
_lite0 = {
    'model.backbone': dict(
        _delete_=True, type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True
    ),
    'model.decode_head': dict(_delete_=True, type=FPNHead, channels=64),
    'model.data_preprocessor': dict(
        type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True
    ),
    'optim_wrapper.type': FiniteOptimWrapper,
    'optim_wrapper.optimizer.lr': 1e-3,
}
_one_label = {'train_dataloader.dataset.label_setting': dict(type=OneLabel)}
_share = dict(type=GradientShare, share=0.1)
_space = {'model.consistency_losses.cross_task.space': dict(widths=(16, 24, 32, 320))}
_cross_task_share = {
    **cross_task,
    'model.consistency_losses.cross_task': dict(type=CrossTaskConsistency, weight=_share),
}
_cross_task_centred = {**_cross_task_share, 'model.consistency_losses.cross_task.centred': True}
_network = dict(widths=(8, 16, 24, 32))
_direct_map = {**direct_map, 'model.consistency_losses.direct_map.network': _network}
_perceptual_map = {**perceptual_map, 'model.consistency_losses.perceptual_map.network': _network}
_contrast = dict(type=RegionContrast, space=dict(widths=(8, 16, 16)), regions=dict(max_regions=9))
_regions = {'train_dataloader.dataset.regions': 'instances'}
_region_gaussian = {**_regions, 'model.consistency_losses.region_contrast': dict(**_contrast, weight=0.15)}
_region_gaussian_share = {**_regions, 'model.consistency_losses.region_contrast': dict(**_contrast, weight=_share)}
_region_gaussian_centred = {**_region_gaussian_share, 'model.consistency_losses.region_contrast.centred': True}
_patches = {
    'model.consistency_losses.region_contrast': dict(**_contrast, weight=0.15),
    'model.consistency_losses.region_contrast.regions.patches': (3, 3),
}
_felzenszwalb = {**_region_gaussian, 'train_dataloader.dataset.regions': 'regions/rooms_small'}

rows = dict(
    all_labels=(_segnet, _lite0),
    supervised=(_segnet, _lite0, _one_label),
    two_crops=(_segnet, _lite0, _one_label, two_crops),
    semi=(_segnet, _lite0, _one_label, semi),
    direct_map=(_segnet, _lite0, _one_label, _direct_map),
    perceptual_map=(_segnet, _lite0, _one_label, _perceptual_map),
    cross_task=(_segnet, _lite0, _one_label, cross_task, _space),
    cross_task_share=(_segnet, _lite0, _one_label, _cross_task_share, _space),
    cross_task_centred=(_segnet, _lite0, _one_label, _cross_task_centred, _space),
    region_gaussian=(_segnet, _lite0, _one_label, _region_gaussian),
    region_vector=(_segnet, _lite0, _one_label, _region_gaussian, vector),
    region_pixel=(_segnet, _lite0, _one_label, _region_gaussian, pixel),
    region_patches=(_segnet, _lite0, _one_label, _patches),
    region_felzenszwalb=(_segnet, _lite0, _one_label, _felzenszwalb),
    region_gaussian_share=(_segnet, _lite0, _one_label, _region_gaussian_share),
    region_gaussian_centred=(_segnet, _lite0, _one_label, _region_gaussian_centred),
)
