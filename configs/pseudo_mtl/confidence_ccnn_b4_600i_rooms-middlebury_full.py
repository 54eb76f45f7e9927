"""CCNN as it learns on generated rooms, judged on Middlebury's scenes. Root: ``$MMMTL_DATA/middlebury``.

Before it: ``tools/generate_pseudo_disparity.py CONFIG --split test --disparities 64 --block 3`` (for scenes of a
quarter's size; the block is the one that the network has learnt from).
"""

from mmengine.config import read_base

from mmmtl.datasets import Middlebury

with read_base():
    from .confidence_ccnn_b4_600i_rooms_full import *

protocol = 'middlebury/matches'
val_dataloader['dataset'].update(folder='pseudo/middlebury/test')
val_dataloader['dataset']['pairs'] = dict(type=Middlebury, root='middlebury')
val_dataloader['dataset']['pipeline'][2].update(folder='pseudo/middlebury/test')
test_dataloader = val_dataloader
