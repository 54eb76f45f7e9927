"""Data sets: records in, views with the labels that are shown out."""

from mmmtl.datasets import transforms
from mmmtl.datasets.label_settings import AllLabels, OneLabel
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, collate_views, data_root
from mmmtl.datasets.posed_views import PosedViews
from mmmtl.datasets.records import LabelFile, LabelSource, Record, View
from mmmtl.datasets.samplers import EvenlySplitSampler, PassSampler, SampleKey
from mmmtl.datasets.synthetic_rooms import SyntheticRooms

__all__ = ['AllLabels', 'EvenlySplitSampler', 'LabelFile', 'LabelSource', 'MultiTaskDataset', 'OneLabel', 'PassSampler',
           'PosedViews', 'Record', 'SampleKey', 'SyntheticRooms', 'View', 'collate_views', 'data_root', 'transforms']
