"""Two networks become the start of a third: heads from their own, the encoder from the one named."""

import pytest
import torch

from mmmtl.apis import init_model
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.checkpoints.merge_weights import merge_weights
from mmmtl.errors import CheckpointError

TASKS = {'depth': "depth=dict(type='mmmtl.Depth')", 'normal': "normal=dict(type='mmmtl.Normal')"}
CONFIG = """
tasks = dict({tasks})
model = dict(type='mmmtl.MultiTaskModel', backbone=dict(type='mmmtl.SegNet', widths=(4, {width})),
             decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)))
"""


def network(folder, *names, width=6, seed=0):
    torch.manual_seed(seed)
    config = folder / f'{"_".join(names)}_{width}.py'
    config.write_text(CONFIG.format(tasks=', '.join(TASKS[name] for name in names), width=width))
    model = init_model(config)
    write_checkpoint({'state_dict': model.state_dict()}, folder / f'{config.stem}.pth')
    return model, folder / f'{config.stem}.pth'


def test_each_part_comes_from_where_it_should(tmp_path):
    (depth, depth_file), (normal, normal_file) = (network(tmp_path, name, seed=n) for n, name in enumerate(TASKS))
    joint, joint_file = network(tmp_path, 'depth', 'normal', seed=7)
    files = {'depth': depth_file, 'normal': normal_file}
    for shared, source in (('depth', depth), ('normal', normal)):
        merged = merge_weights(joint, files, shared)
        assert merged.keys() == joint.state_dict().keys()
        for key, value in merged.items():
            owner = depth if '.depth.' in key else normal if '.normal.' in key else source
            assert torch.equal(value, owner.state_dict()[key]) and torch.equal(joint.state_dict()[key], value)
    with pytest.raises(CheckpointError, match='no checkpoint for normal, only for depth'):
        merge_weights(joint, {'depth': depth_file}, 'depth')
    with pytest.raises(CheckpointError, match='no checkpoint for depth, normal, only for none; give one'):
        merge_weights(joint, {}, 'depth')
    with pytest.raises(CheckpointError, match=r'depth_6\.pth: lacks decode_head\.heads\.normal'):
        merge_weights(joint, {'depth': joint_file, 'normal': depth_file}, 'depth')
    other, other_file = network(tmp_path, 'depth', width=8)
    with pytest.raises(CheckpointError, match=r'depth_8\.pth \+ .*normal_6\.pth: does not fit the architecture'):
        merge_weights(joint, {'depth': other_file, 'normal': normal_file}, 'depth')
