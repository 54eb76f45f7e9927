"""Stereo rooms of 96 x 128, otherwise as the small ones; disparities reach 48 pixels.

True depth is hidden in training. First run ``mmmtl pseudo-disparity CONFIG --disparities 48 --block 3``.
"""

from mmengine.config import read_base

with read_base():
    from .rooms_small_stereo import *

protocol = 'rooms/stereo'
train_dataloader['dataset'].update(size=(96, 128))
train_dataloader['dataset']['pipeline'][2].update(folder='pseudo/rooms-stereo/train')
val_dataloader['dataset'].update(size=(96, 128))
test_dataloader['dataset'].update(size=(96, 128))
