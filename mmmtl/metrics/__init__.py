"""Metrics of a split, exact over several processes, and constant baselines."""

from mmmtl.metrics.constant_maps import constant_maps
from mmmtl.metrics.cross_view_metric import CrossViewMetric
from mmmtl.metrics.delta_mtl import delta_mtl, primary_metrics, relative_gains
from mmmtl.metrics.multi_task_metric import MultiTaskMetric
from mmmtl.metrics.per_dataset_metric import PerDatasetMetric
from mmmtl.metrics.sparsification import sparsification_area, sparsification_curve

__all__ = [
    'CrossViewMetric',
    'MultiTaskMetric',
    'PerDatasetMetric',
    'delta_mtl',
    'primary_metrics',
    'relative_gains',
    'sparsification_area',
    'sparsification_curve',
    'constant_maps',
]
