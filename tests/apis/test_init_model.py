"""init_model: the network of a config, ready to predict, with a checkpoint's weights or an error that names the key."""

from pathlib import Path

import pytest
import torch

from mmmtl.apis import init_model, load_config
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.structures import MultiTaskDataSample

CONFIG = """
tasks = dict(depth=dict(type='mmmtl.Depth'), normal=dict(type='mmmtl.Normal'))
model = dict(
    type='mmmtl.MultiTaskModel',
    backbone=dict(type='mmmtl.SegNet', widths=(4, 6)),
    decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)),
)
"""


@pytest.fixture
def config(tmp_path) -> Path:
    (tmp_path / 'config.py').write_text(CONFIG)
    return tmp_path / 'config.py'


def test_ready_to_predict(config):
    model = init_model(config)
    assert not any(module.training for module in model.modules())
    image = torch.randint(256, (3, 9, 14), dtype=torch.uint8)
    sample = MultiTaskDataSample(metainfo=dict(img_shape=(9, 14)))
    (sample,) = model.test_step(dict(inputs=[image], data_samples=[sample]))
    assert sample.pred.depth.shape == (1, 9, 14) and sample.pred.normal.shape == (3, 9, 14)
    assert sample.pred.depth.isfinite().all()


def test_a_config_that_is_loaded_already(config):
    model = init_model(load_config(config, {'tasks.semseg': dict(type='mmmtl.SemSeg', classes=['a', 'b'])}))
    assert list(model.tasks) == ['depth', 'normal', 'semseg']


def test_the_weights_of_a_checkpoint(config, tmp_path):
    trained = init_model(config)
    with torch.no_grad():
        for number, value in enumerate(trained.state_dict().values()):
            value.fill_(number)  # nobody initialises so
    write_checkpoint({'state_dict': trained.state_dict()}, tmp_path / 'a.pth')
    loaded = init_model(config, tmp_path / 'a.pth')
    for number, value in enumerate(loaded.state_dict().values()):
        assert (value == number).all()
    assert not any(module.training for module in loaded.modules())


def test_the_weights_of_other_tasks(config, tmp_path):
    write_checkpoint({'state_dict': init_model(config).state_dict()}, tmp_path / 'a.pth')
    other = load_config(config, {'tasks.semseg': dict(type='mmmtl.SemSeg', classes=['a', 'b'])})
    with pytest.raises(
        CheckpointError, match=r'tasks of the config: \d missing keys \(first: decode_head\.heads\.semseg\.'
    ):
        init_model(other, tmp_path / 'a.pth')


def test_invalid_arguments_are_errors(config, tmp_path):
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        init_model(config, tmp_path / 'absent.pth')
    with pytest.raises(ConfigError, match='no such config'):
        init_model(tmp_path / 'absent.py')
    config.write_text("tasks = dict(depth=dict(type='mmmtl.Depth'))")
    with pytest.raises(ConfigError, match='the config has no model'):
        init_model(config)


@pytest.mark.gpu
def test_on_the_gpu(config):
    model = init_model(config, device='cuda')
    assert {parameter.device.type for parameter in model.parameters()} == {'cuda'}
    assert model.data_preprocessor.device.type == 'cuda'
