"""The data sample: labels, predictions and camera of one image."""

from mmmtl.structures.multi_task_data_sample import MultiTaskDataSample

__all__ = ['MultiTaskDataSample']
