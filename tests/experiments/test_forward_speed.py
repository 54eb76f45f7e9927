"""Speed of a network: every batch is one, the model is unchanged, and a mistake is one line."""

import subprocess
import sys

import pytest
import torch
from tool_process import CONFIGS

from mmmtl.apis import init_model, load_config
from mmmtl.cli.main import main
from mmmtl.experiments.forward_speed import ForwardSpeed, forward_speed, posed_samples
from mmmtl.geometry import check_camera
from mmmtl.registry import MODELS

CONFIG = CONFIGS / 'tiny_rooms.py'


@pytest.fixture(scope='module')
def model():
    return init_model(CONFIG).train()


@pytest.mark.parametrize('size', [(32, 48), (33, 70)])
@pytest.mark.parametrize('scenes', [1, 3])
def test_each_pass_is_one_batch(model, size, scenes):
    seen = []
    handle = model.backbone.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].shape))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    speed = forward_speed(model, size, scenes, warm_up=2, repeats=3)
    handle.remove()
    assert seen == [(scenes, 3, *size)] * 5
    assert speed.images == scenes and len(speed.seconds) == 3 and min(speed.seconds) > 0
    assert speed.memory >= speed.memory_before > 2**20
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_median_and_quartiles():
    speed = ForwardSpeed(4, [4.0, 2.0, 1.0, 8.0], 0, 0)
    assert speed.images_per_second() == (1.5, 1.0, 2.0)


def test_peak_memory_is_that_of_the_passes():
    """One image of 9 MB at 32-bit, and its copies, against a small one; in a process that has no freed memory left."""
    code = f"""
from mmmtl.apis import init_model
from mmmtl.experiments.forward_speed import forward_speed
model = init_model({str(CONFIG)!r})
for size in ((32, 32), (768, 1024)):
    speed = forward_speed(model, size, warm_up=0, repeats=1)
    print(speed.memory - speed.memory_before)
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    small, large = map(int, done.stdout.split()[-2:])
    assert large > 2 * 4 * 3 * 768 * 1024 > small


def test_views_of_a_cross_view_network():
    config = load_config('cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full')
    config.model.backbone.pop('pretrained', None)
    network = MODELS.build(config.model)
    seen = []
    network.neck.register_forward_hook(lambda module, inputs, output: seen.append(inputs[1].views))
    speed = forward_speed(network, (64, 80), 2, 2, warm_up=0, repeats=1, half=True)
    assert speed.images == 4 and seen == [(2, 2)]
    for sample in posed_samples((64, 80), 2, 3):
        check_camera(sample.intrinsics, sample.camera_T_world, (64, 80), name='view')


def test_the_command(capsys):
    main(['benchmark', str(CONFIG), '--size', '32', '48', '--batch-size', '2', '--repeats', '2', '--device', 'cpu'])
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith(f'{CONFIG}: batch of 2, 32 x 48, float32, on the CPU')
    assert [line.split('  ')[0] for line in lines] == ['images per second', 'ms per batch', 'peak memory']


@pytest.mark.gpu
def test_memory_of_a_gpu():
    speed = forward_speed(init_model(CONFIG, device='cuda'), (256, 320), repeats=3)
    assert speed.memory > speed.memory_before > 0


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--repeats', '0'], "--repeats: expected a whole number of at least 1, found '0'"),
        (['--batch-size', '-1'], "--batch-size: expected a whole number of at least 1, found '-1'"),
        (['--warm-up', '-1'], '--warm-up: expected a whole number of at least 0'),
        (['--size', '0', '9'], "--size: expected a whole number of at least 1, found '0'"),
        (['--repeats', 'ten'], "found 'ten'"),
        (['--device', 'tpu'], "--device 'tpu'"),
    ],
)
def test_a_mistake_is_one_line(options, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(['benchmark', str(CONFIG), *options])
    line = capsys.readouterr().err.splitlines()[-1]  # below the usage
    assert end.value.code == 2 and message in line


def test_a_config_without_a_model(capsys):
    with pytest.raises(SystemExit):
        main(['benchmark', str(CONFIGS.parents[1] / 'configs/_base_/datasets/rooms_small.py')])
    assert 'give a recipe and --size H W' in capsys.readouterr().err
