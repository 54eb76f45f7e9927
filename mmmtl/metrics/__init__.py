"""Metrics of a split, exact over several processes."""

from mmmtl.metrics.multi_task_metric import MultiTaskMetric

__all__ = ['MultiTaskMetric']
