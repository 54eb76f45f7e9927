"""CCNN trained on generated rooms, as published and on relative disparities; both evaluated on Middlebury.

Use ``relative`` for data with larger disparities than the rooms. The root of Middlebury is ``$MMMTL_DATA/middlebury``;
first run ``mmmtl pseudo-disparity CONFIG --split test --disparities 64 --block 3`` (for quarter-size
scenes; the block size is that of the training data).
"""

from mmmtl.datasets import Middlebury

_ccnn = 'confidence_ccnn_b4_600i_rooms_full.py'
_relative = {'model.backbone.window': 31, 'model.backbone.scale': 8.0}
_middlebury = {
    'protocol': 'middlebury/matches',
    'val_dataloader.dataset.folder': 'pseudo/middlebury/test',
    'val_dataloader.dataset.pairs': dict(_delete_=True, type=Middlebury, root='middlebury'),
    'val_dataloader.dataset.pipeline.LoadPseudoLabels.folder': 'pseudo/middlebury/test',
    'test_dataloader.dataset.folder': 'pseudo/middlebury/test',
    'test_dataloader.dataset.pairs': dict(_delete_=True, type=Middlebury, root='middlebury'),
    'test_dataloader.dataset.pipeline.LoadPseudoLabels.folder': 'pseudo/middlebury/test',
}

rows = dict(
    ccnn=(_ccnn,),
    ccnn_relative=(_ccnn, _relative),
    ccnn_middlebury=(_ccnn, _middlebury),
    ccnn_relative_middlebury=(_ccnn, _relative, _middlebury),
)
