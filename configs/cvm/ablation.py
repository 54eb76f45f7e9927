"""Ablation of CvM on small rooms: C is the cost volume, F are the features after cross-view attention."""

from mmmtl.models.necks import CrossViewModule

_cvm = 'cvm_resnet18_b12_900i_rooms_small_pairs_full.py'
_no_matching = {'model.consistency_losses': None}

rows = dict(
    baseline=('../baseline/aspp_resnet18_b12_900i_rooms_small_pairs_full.py',),
    full=(_cvm,),
    no_matching=(_cvm, _no_matching),  # task losses only
    no_cost=(_cvm, _no_matching, {'model.neck.fusion.parts': ('features',), 'model.neck.cost_volume': None}),
    no_features=(_cvm, {'model.neck.fusion.parts': ('cost',)}),
    tap=(
        _cvm,
        {'model.neck.features_from': 0},
    ),  # match the backbone's finest map instead of the module's own CNN
    # six blocks at stride 8, joined with the map at stride 32 only
    eighth=(
        _cvm,
        _no_matching,
        {
            'model.neck': dict(
                _delete_=True,
                type=CrossViewModule,
                fusion=dict(taps=(3,)),
                transformer=dict(identity_start=True),
                cost_volume=dict(depth_range='indoor'),
            ),
        },
    ),
)
