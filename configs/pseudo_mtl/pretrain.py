"""Pretraining for Pseudo-MTL: each task alone, with Adam 1e-4 for 30 epochs.

Segmentation learns from labels and pseudo labels, depth from the pseudo disparity, weighted by its confidence except
in the rows ``..._unweighted`` and on the small rooms.
"""

from mmmtl.datasets import KITTI, KITTISemantics, OnlyLabels
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.metrics import MultiTaskMetric

_kitti = 'baseline_vgg16_b4_20e_kitti_stereo_pseudo.py'
_cityscapes = 'baseline_vgg16_b4_20e_cityscapes_stereo_pseudo.py'
_rooms_small = 'baseline_vgg_small_b4_600i_rooms_small_stereo_pseudo.py'

_30_epochs = {
    'optim_wrapper.optimizer.lr': 1e-4,
    'param_scheduler': None,
    'train_cfg.max_epochs': 30,
    'train_cfg.val_interval': 10,
}
_classes = {'tasks.depth': None, 'model.loss_weighting': None, 'model.consistency_losses': None}
_depth = {
    'tasks.semseg': None,
    'model.loss_weighting': None,
    'train_dataloader.dataset.label_setting': dict(type=OnlyLabels, names=()),
}
_pseudo_classes = {'train_dataloader.dataset.pipeline.LoadPseudoLabels.names': ('semseg',)}
_pseudo_depth = {
    'train_dataloader.dataset.pipeline.LoadPseudoLabels.names': ('disparity', 'confidence'),
}
_confidence = {'model.consistency_losses.regression.confidence': 'soft'}

# classes and depth of KITTI are evaluated on different images
_pipeline = [dict(type=LoadViews), dict(type=PackViews)]
_semantics = dict(_delete_=True, type=KITTISemantics, root='kitti_semantics', split='all', pipeline=_pipeline)
_improved = dict(
    _delete_=True,
    type=KITTI,
    root='kitti',
    frames='kitti/splits/eigen_test_files.txt',
    pipeline=_pipeline,
    depth='improved',
    count=652,
)
_metric = dict(_delete_=True, type=MultiTaskMetric)
_kitti_classes = {
    'protocol': 'kitti-semantics/all',
    'val_dataloader.dataset': _semantics,
    'test_dataloader.dataset': _semantics,
    'val_evaluator': _metric,
    'test_evaluator': _metric,
}
_kitti_depth = {
    'protocol': 'kitti/eigen',
    'val_dataloader.dataset': _improved,
    'test_dataloader.dataset': _improved,
    'val_evaluator': _metric,
    'test_evaluator': _metric,
}

rows = dict(
    kitti_classes=(_kitti, _30_epochs, _classes, _pseudo_classes, _kitti_classes),
    kitti_depth=(_kitti, _30_epochs, _depth, _pseudo_depth, _confidence, _kitti_depth),
    kitti_depth_unweighted=(_kitti, _30_epochs, _depth, _pseudo_depth, _kitti_depth),
    cityscapes_classes=(_cityscapes, _30_epochs, _classes, _pseudo_classes),
    cityscapes_depth=(_cityscapes, _30_epochs, _depth, _pseudo_depth, _confidence),
    cityscapes_depth_unweighted=(_cityscapes, _30_epochs, _depth, _pseudo_depth),
    rooms_small_classes=(_rooms_small, _classes),
    rooms_small_depth=(_rooms_small, _depth),
)
