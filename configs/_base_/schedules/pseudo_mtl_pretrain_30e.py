"""Pseudo-MTL's training of each task by itself: Adam 1e-4 for 30 epochs."""

from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4))
train_cfg = dict(by_epoch=True, max_epochs=30, val_interval=10)
val_cfg = dict()
test_cfg = dict()
