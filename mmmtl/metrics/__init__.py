"""Metrics of a split, exact over several processes, and the prediction that knows nothing."""

from mmmtl.metrics.multi_task_metric import MultiTaskMetric
from mmmtl.metrics.typical_maps import typical_maps

__all__ = ['MultiTaskMetric', 'typical_maps']
