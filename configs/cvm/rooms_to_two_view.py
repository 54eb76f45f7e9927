"""From generated rooms to pairs of photographs: without CvM, with it, and with it but without poses.

``no_poses`` has the features after cross-view attention, which use no camera, and neither the cost volume nor its loss.
"""

_cvm = 'cvm_lite0_b8_700i_rooms_to_two_view_pairs_full.py'

rows = dict(
    baseline=('../baseline/fpn_lite0_b8_700i_rooms_to_two_view_pairs_full.py',),
    cvm=(_cvm,),
    no_poses=(
        _cvm,
        {'model.consistency_losses': None, 'model.neck.fusion.parts': ('features',), 'model.neck.cost_volume': None},
    ),
)
