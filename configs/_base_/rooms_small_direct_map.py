"""Direct-Map, a rival of MTPSL, for a small SegNet on small generated rooms."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import DirectMap

with read_base():
    from .rooms_small_segnet import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(direct_map=dict(type=DirectMap, network=dict(widths=(8, 16, 24, 32)))))
