"""Consistency losses on photographs without common labels, from EfficientNet-Lite0 pretrained on ImageNet.

CamVid has classes, BSDS500 edges, and the posed pairs depth and normals. Images are resized to 96 x 128 for training,
and to the same area for testing. ``two_crops`` has the second crops of MTPSL in its batches, but no loss on them, for
comparison.
``region_felzenszwalb`` needs the regions of each dataset::

    for part in camvid bsds500 two_view; do
      mmmtl regions configs/mtpsl/photographs_lite0.py::supervised --part $part --backend felzenszwalb \\
          --settings min_size=400 --out $MMMTL_DATA/regions/$part
    done
"""

from mmengine.config import read_base

from mmmtl.datasets.transforms import AtTrainedScale, LoadViews, PackViews, TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency, GradientShare, RegionContrast, SemiSupervised

_parts = ('camvid', 'bsds500', 'two_view')
_base = '../baseline/fpn_lite0_b8_400i_camvid_bsds_two_view_partial.py'
_small = {
    **{f'train_dataloader.dataset.parts.{part}.pipeline.CoverCrop.size': (96, 128) for part in _parts},
    'trained_for.size': (96, 128),
    'protocol': 'camvid-bsds500-two-view/96x128',
    **{
        f'{split}_dataloader.dataset.parts.{part}.pipeline': [
            dict(type=LoadViews),
            dict(type=AtTrainedScale),
            dict(type=PackViews),
        ]
        for split in ('val', 'test')
        for part in _parts
    },
}
_two_crops = {
    f'train_dataloader.dataset.parts.{part}.pipeline.PackViews': dict(_delete_=True, type=TwoCrops) for part in _parts
}
_share = dict(type=GradientShare, share=0.1)
_space = dict(widths=(16, 24, 32, 320))  # the last one as wide as the last feature of the encoder
_semi = {**_two_crops, 'model.consistency_losses.semi': dict(type=SemiSupervised)}
_cross_task = {
    **_two_crops,
    'model.consistency_losses.cross_task': dict(type=CrossTaskConsistency, weight=_share, space=_space),
}
_region = {
    'model.consistency_losses.region_contrast': dict(type=RegionContrast, weight=0.15, space=dict(widths=(8, 16, 16))),
    **{f'train_dataloader.dataset.parts.{part}.regions': f'regions/{part}' for part in _parts},
}

rows = dict(
    supervised=(_base, _small),
    two_crops=(_base, _small, _two_crops),
    semi=(_base, _small, _semi),
    cross_task_share=(_base, _small, _cross_task),
    region_felzenszwalb=(_base, _small, _region),
)
