"""Which labels an image shows: data, not code, and a pure function of the record's place in the split.

A label setting has one method, ``shown(records, tasks)``: for each record the tasks whose labels may be opened. It is
asked once, when the data set is built, so neither shuffling nor workers can change the answer.
"""

from mmmtl.datasets.label_settings.drawn import LabelRatio, OneLabel, RandomLabels
from mmmtl.datasets.label_settings.given import AllLabels, LabelTable
from mmmtl.datasets.label_settings.only_labels import OnlyLabels

__all__ = ['AllLabels', 'LabelRatio', 'LabelTable', 'OneLabel', 'OnlyLabels', 'RandomLabels']
