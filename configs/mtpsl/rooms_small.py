"""Small version of the MTPSL tables: a small SegNet on small generated rooms, an hour per table on two cores.

A row ``..._ramp`` raises the consistency weight from 0 to its full value over the first half of the training, as a
variant of the published code does (100 of 200 epochs).
"""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel, RandomLabels
from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from .methods import (
        contrastive,
        cross_task,
        cross_task_full,
        direct_map,
        discriminator,
        no_cond,
        no_reg,
        perceptual_map,
        semi,
    )

_segnet = '../baseline/conv_segnet_small_b8_4e_rooms_small_full.py'
_onelabel = {'train_dataloader.dataset.label_setting': dict(type=OneLabel)}
_randomlabels = {'train_dataloader.dataset.label_setting': dict(type=RandomLabels)}

# mapping networks with as few channels as the small SegNet
_widths = dict(widths=(16, 24, 32, 32))
_network = dict(widths=(8, 16, 24, 32))
_cross_task = {**cross_task, 'model.consistency_losses.cross_task.space': _widths}
_cross_task_full = {**cross_task_full, 'model.consistency_losses.cross_task.space': _widths}
_contrastive = {**contrastive, 'model.consistency_losses.contrastive.space': _widths}
_discriminator = {**discriminator, 'model.consistency_losses.discriminator.space': _widths}
_direct_map = {**direct_map, 'model.consistency_losses.direct_map.network': _network}
_perceptual_map = {**perceptual_map, 'model.consistency_losses.perceptual_map.network': _network}

_ramp_cross_task = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='cross_task', iterations=400)])
_ramp_direct_map = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='direct_map', iterations=400)])
_ramp_perceptual_map = dict(custom_hooks=[dict(type=ConsistencyRampHook, name='perceptual_map', iterations=400)])

rows = dict(
    onelabel_supervised=(_segnet, _onelabel),
    onelabel_semi=(_segnet, _onelabel, semi),
    onelabel_contrastive=(_segnet, _onelabel, _contrastive),
    onelabel_discriminator=(_segnet, _onelabel, _discriminator),
    onelabel_direct_map=(_segnet, _onelabel, _direct_map),
    onelabel_direct_map_ramp=(_segnet, _onelabel, _direct_map, _ramp_direct_map),
    onelabel_perceptual_map=(_segnet, _onelabel, _perceptual_map),
    onelabel_perceptual_map_ramp=(_segnet, _onelabel, _perceptual_map, _ramp_perceptual_map),
    onelabel_no_cond=(_segnet, _onelabel, _cross_task, no_cond),
    onelabel_no_reg=(_segnet, _onelabel, _cross_task, no_reg),
    onelabel_cross_task=(_segnet, _onelabel, _cross_task),
    onelabel_cross_task_ramp=(_segnet, _onelabel, _cross_task, _ramp_cross_task),
    randomlabels_supervised=(_segnet, _randomlabels),
    randomlabels_semi=(_segnet, _randomlabels, semi),
    randomlabels_direct_map=(_segnet, _randomlabels, _direct_map),
    randomlabels_direct_map_ramp=(_segnet, _randomlabels, _direct_map, _ramp_direct_map),
    randomlabels_perceptual_map=(_segnet, _randomlabels, _perceptual_map),
    randomlabels_perceptual_map_ramp=(_segnet, _randomlabels, _perceptual_map, _ramp_perceptual_map),
    randomlabels_cross_task=(_segnet, _randomlabels, _cross_task),
    randomlabels_cross_task_ramp=(_segnet, _randomlabels, _cross_task, _ramp_cross_task),
    full_cross_task=(_segnet, _cross_task_full),
)
