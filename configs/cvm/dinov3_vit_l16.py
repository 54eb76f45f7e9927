"""CvM with DINOv3 ViT-L/16 and its baselines: NYUD-v2 and PASCAL-Context with SAK's recipe, and rooms.

``nyud_40_video`` adds posed pairs of NYUD-v2's raw videos, which have depth labels only. On rooms the cross-view
module has ten times the learning rate of the pretrained network.
"""

from mmmtl.models.necks import CrossViewModule

_nyud = '../baseline/multitap_dinov3_vit_l16_b4_40k_nyud_40_full.py'
_video = '../baseline/multitap_dinov3_vit_l16_b4_40k_nyud_40_video_partial.py'
_pascal = '../baseline/multitap_dinov3_vit_l16_b4_40k_pascal_full.py'
_rooms = '../baseline/multitap_dinov3_vit_l16_b16_10k_rooms_pairs_full.py'
_cvm = {'model.neck': dict(type=CrossViewModule)}
_fast_neck = {'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(neck=dict(lr_mult=10.0)))}

rows = dict(
    nyud_40_baseline=(_nyud,),
    nyud_40_cvm=(_nyud, _cvm),
    nyud_40_video_baseline=(_video,),
    nyud_40_video_cvm=(_video, _cvm),
    pascal_baseline=(_pascal,),
    pascal_cvm=(_pascal, _cvm),
    rooms_baseline=(_rooms,),
    rooms_cvm=(_rooms, _cvm, {'model.neck.cost_volume': dict(depth_range='indoor')}, _fast_neck),
)
