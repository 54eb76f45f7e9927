"""Soft sharing on SegNet: MTAN (attention per task), Dense and cross-stitch networks (one SegNet per task)."""

from mmmtl.models.backbones import CrossStitchSegNet, DenseSegNet, MTANSegNet

mtan = {'model.backbone': dict(type=MTANSegNet), 'model.decode_head.maps_per_task': 1}
dense = {'model.backbone': dict(type=DenseSegNet), 'model.decode_head.maps_per_task': 1}
cross_stitch = {
    'model.backbone': dict(type=CrossStitchSegNet),
    'model.decode_head.maps_per_task': 1,
    # Misra et al. (CVPR 2016) use a larger learning rate for cross-stitch units; the factor is our choice
    'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(stitches=dict(lr_mult=100.0))),
}

_nyuv2 = '../baseline/conv_segnet_b2_200e_nyuv2_13_full.py'
_cityscapes = '../baseline/conv_segnet_b8_200e_cityscapes_7_full.py'
_rooms = '../baseline/conv_segnet_b8_2e_rooms_full.py'

rows = dict(
    mtan_nyuv2_13=(_nyuv2, mtan),
    mtan_cityscapes_7=(_cityscapes, mtan),
    mtan_rooms=(_rooms, mtan),
    cross_stitch_nyuv2_13=(_nyuv2, cross_stitch),
    cross_stitch_cityscapes_7=(_cityscapes, cross_stitch),
    cross_stitch_rooms=(_rooms, cross_stitch),
)
