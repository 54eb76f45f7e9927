"""CCNN that sees disparities relative to those around, so that it may be used where they are larger than in the rooms.

Judged on Middlebury: `confidence_ccnn_b4_600i_rooms-middlebury_full.py` with the options
``model.backbone.window=31 model.backbone.scale=8``.
"""

from mmengine.config import read_base

with read_base():
    from .confidence_ccnn_b4_600i_rooms_full import *

model['backbone'].update(window=31, scale=8.0)
