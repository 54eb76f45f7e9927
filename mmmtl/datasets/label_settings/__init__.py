"""Label settings choose the labels that each record shows; all others are hidden.

A label setting has one method, ``shown(records, tasks)``, which returns for each record the tasks whose labels are
shown. It runs once, when the dataset is built, so the result depends neither on shuffling nor on workers.
"""

from mmmtl.datasets.label_settings.drawn import LabelRatio, OneLabel, RandomLabels
from mmmtl.datasets.label_settings.given import AllLabels, LabelList
from mmmtl.datasets.label_settings.no_labels import NoLabels
from mmmtl.datasets.label_settings.only_labels import OnlyLabels

__all__ = ['AllLabels', 'LabelList', 'LabelRatio', 'NoLabels', 'OneLabel', 'OnlyLabels', 'RandomLabels']
