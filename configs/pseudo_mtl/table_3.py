"""Pseudo-MTL, table 3: other networks on Cityscapes; ``deep`` has twice the convolutions, ``wide`` 1024 channels."""

from mmengine.config import read_base

with read_base():
    from ..soft_sharing.segnet import cross_stitch, dense, mtan

_segnet = 'baseline_segnet_b4_200e_cityscapes_stereo_pseudo.py'

rows = dict(
    deep=(_segnet, {'model.backbone.depths': (4, 4, 6, 6, 6)}),
    wide=(_segnet, {'model.backbone.widths': (64, 128, 256, 512, 1024)}),
    dense=(_segnet, dense),
    cross_stitch=(_segnet, cross_stitch),
    mtan=(_segnet, mtan),
    full=('table_5.py::full',),
)
