"""What a view carries through the whole flow."""

from mmmtl.structures.multi_task_data_sample import MultiTaskDataSample

__all__ = ['MultiTaskDataSample']
