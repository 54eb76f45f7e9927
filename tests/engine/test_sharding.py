"""Sharded training: the weights, scores and checkpoints of plain training, in a part of the memory."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.optim import OptimWrapper
from sharded_runs import SETTINGS, WHOLE_BATCH
from small_model import make_model
from tiny_run import tiny_run
from tool_process import CONFIGS, ROOT
from torch import nn

from mmmtl.apis import load_config
from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.engine.sharding import ELEMENTWISE, check_optimizer, shard_model
from mmmtl.errors import ConfigError
from mmmtl.models import ShardedModel

CLOSE = dict(rtol=1e-4, atol=1e-6)


def run_script(folder: Path, count: int) -> list[dict]:
    """Run `sharded_runs` in this many processes; what each returned."""
    paths = [str(ROOT / 'tests'), str(ROOT)]
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(paths), 'OMP_NUM_THREADS': '1'}
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, ROOT / 'tests' / 'sharded_runs.py', folder, str(count)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [torch.load(folder / f'{count}_{rank}.pt') for rank in range(count)]


def compare(one: Path, other: Path, **tolerance: float) -> dict:
    """Assert that two checkpoints have close weights, optimizer state, gradients and losses; return the second."""
    expected, found = read_checkpoint(one), read_checkpoint(other)
    for key in ('state_dict', 'gradients'):
        torch.testing.assert_close(found[key], expected[key], **tolerance)
    torch.testing.assert_close(found['optimizer']['state'], expected['optimizer']['state'], **tolerance)
    for name in ('loss', 'grad_norm'):
        histories = [content['message_hub']['log_scalars'][f'train/{name}'] for content in (found, expected)]
        torch.testing.assert_close(*(torch.tensor(history['log_history']) for history in histories), **tolerance)
    return found


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """The folder of the runs of two processes, and the memory that each process counted."""
    folder = tmp_path_factory.mktemp('runs')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMMTL_CACHE', str(tmp_path_factory.getbasetemp() / 'rooms'))
        return folder, run_script(folder, 2)


@pytest.mark.check
@pytest.mark.parametrize('name', [*SETTINGS, 'infinite'])
def test_a_sharded_run_equals_a_plain_one(name, runs):
    folder, _ = runs
    tolerance = dict(rtol=1e-2, atol=1e-3) if name == 'bfloat16' else CLOSE
    start = read_checkpoint(folder / f'{name}_plain' / 'iter_3.pth')
    compare(folder / f'{name}_plain' / 'iter_3.pth', folder / f'{name}_sharded' / 'iter_3.pth', **tolerance)
    end = compare(folder / f'{name}_plain' / 'iter_6.pth', folder / f'{name}_sharded' / 'iter_6.pth', **tolerance)
    assert any((start['state_dict'][key] - value).abs().max() > 1e-4 for key, value in end['state_dict'].items())
    assert bool(start['gradients']) == (name == 'accumulated')
    assert end['meta']['skipped_steps'] == (name == 'infinite')
    assert end['optimizer']['state'][0]['step'] == {'accumulated': 3, 'infinite': 5}.get(name, 6)


@pytest.mark.check
def test_checkpoints_are_exchangeable(runs):
    folder, _ = runs
    for name in ('plain_then_sharded', 'sharded_then_plain'):
        compare(folder / 'accumulated_plain' / 'iter_6.pth', folder / name / 'iter_6.pth', **CLOSE)
    compare(
        folder / 'accumulated_sharded' / 'iter_6.pth', folder / 'sharded_then_sharded' / 'iter_6.pth', rtol=0, atol=0
    )
    names = [read_checkpoint(folder / name / 'iter_6.pth')['state_dict'] for name in ('steps_plain', 'steps_sharded')]
    assert list(names[0]) == list(names[1]) and all(type(value) is torch.Tensor for value in names[1].values())


@pytest.mark.check
def test_recomputed_activations_change_nothing(runs):
    folder = runs[0]
    compare(folder / 'steps_sharded' / 'iter_6.pth', folder / 'recomputed' / 'iter_6.pth', rtol=0, atol=0)


@pytest.mark.check
def test_each_of_two_processes_keeps_half(runs):
    for memory in runs[1]:
        for what, whole in memory['plain'].items():
            # the position embedding, whose first dimension is 1, cannot be divided
            assert 0.49 * whole < memory['sharded'][what] < 0.55 * whole, what


@pytest.mark.check
def test_three_processes_equal_one(tmp_path, rooms_cache):
    run_script(tmp_path, 3)
    sizes = dict(train_dataloader__batch_size=WHOLE_BATCH, val_dataloader__batch_size=1)
    tiny_run(tmp_path / 'one', None, 'tiny_vit.py', **sizes).train()
    compare(tmp_path / 'one' / 'iter_6.pth', tmp_path / 'alone' / 'iter_6.pth', **CLOSE)


def test_one_process_is_not_sharded(tmp_path, rooms_cache):
    assert type(tiny_run(tmp_path, None, 'tiny_vit.py', model_wrapper_cfg__type='mmmtl.ShardedModel').model) is type(
        tiny_run(tmp_path, None, 'tiny_vit.py').model
    )


# -- what a sharded model cannot do ----------------------------------------------------------------------------------


def test_a_weighting_that_combines_gradients_is_refused():
    with pytest.raises(ConfigError, match='model_wrapper_cfg: ShardedModel cannot train with MGDA, which combines'):
        ShardedModel(make_model(loss_weighting=dict(type='mmmtl.MGDA')))


@pytest.mark.parametrize('key', ['custom_hooks: EMAHook', 'find_unused_parameters: '])
def test_what_needs_whole_parameters_is_refused(key):
    runner = SimpleNamespace(
        hooks=[EMAHook()] if 'EMAHook' in key else [], cfg={'find_unused_parameters': 'unused' in key}
    )
    with pytest.raises(ConfigError, match=f'{key}.*remove'):
        shard_model(runner, ShardedModel(make_model()))


def test_a_scalar_parameter_is_named():
    model = make_model()
    model.neck.scale = nn.Parameter(torch.tensor(1.0))
    with pytest.raises(ConfigError, match='cannot divide neck.scale, a scalar'):
        ShardedModel(model).shard()


def test_an_optimizer_that_looks_at_whole_parameters_is_refused():
    parameters = [nn.Parameter(torch.zeros(3, 2))]
    for kind in ELEMENTWISE:
        check_optimizer(OptimWrapper(kind(parameters)))
    with pytest.raises(ConfigError, match='optimizer.type: Adafactor is not known to work with ShardedModel; use one'):
        check_optimizer(OptimWrapper(torch.optim.Adafactor(parameters)))


def test_options_are_checked():
    options = {'model_wrapper_cfg': dict(type='mmmtl.ShardedModel', block='layers')}
    with pytest.raises(ConfigError, match=r"model_wrapper_cfg.block: ShardedModel takes no argument 'block'.*blocks"):
        load_config(CONFIGS / 'tiny_vit.py', options)
