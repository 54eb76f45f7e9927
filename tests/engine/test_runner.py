"""The runner: what a checkpoint holds, what is resumed, loaders that do not disturb each other."""

from types import SimpleNamespace

import pytest
import torch
from tiny_run import tiny_run

from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.datasets import EpochSampler, EvenlySplitSampler
from mmmtl.errors import CheckpointError


@pytest.fixture
def checkpoint(tmp_path, rooms_cache):
    tiny_run(tmp_path, train_cfg__max_epochs=1).train()
    return tmp_path / 'epoch_1.pth'


def test_a_checkpoint_is_complete(checkpoint):
    content = read_checkpoint(checkpoint)
    assert set(content) == {
        'meta',
        'state_dict',
        'random_state',
        'optimizer',
        'first_settings',
        'gradients',
        'param_schedulers',
        'message_hub',
    }
    assert (content['meta']['epoch'], content['meta']['iter'], content['meta']['seed']) == (1, 3, 0)
    assert all(value.shape[0] == 1 for value in content['random_state'].values())  # one process


def test_resume_takes_up_everything(checkpoint, tmp_path):
    runner = tiny_run(tmp_path, train_cfg__max_epochs=1, resume=True)
    torch.rand(7)
    runner.train()
    content = read_checkpoint(checkpoint)
    assert (runner.epoch, runner.iter) == (1, 3)
    torch.testing.assert_close(runner.model.state_dict(), content['state_dict'], rtol=0, atol=0)
    optimizer = runner.optim_wrapper.state_dict()
    torch.testing.assert_close(optimizer['state'], content['optimizer']['state'], rtol=0, atol=0)
    assert runner.param_schedulers[0].state_dict() == content['param_schedulers'][0]
    assert torch.equal(torch.get_rng_state(), content['random_state']['torch'][0])
    assert (
        runner.message_hub.get_scalar('train/loss').data[0].tolist()
        == content['message_hub']['log_scalars']['train/loss']['log_history']
    )


def test_load_from_takes_the_weights_alone(checkpoint, tmp_path):
    runner = tiny_run(tmp_path / 'other', load_from=str(checkpoint), randomness__seed=5)
    runner.load_or_resume()
    assert (runner.epoch, runner.iter) == (0, 0)
    torch.testing.assert_close(runner.model.state_dict(), read_checkpoint(checkpoint)['state_dict'], rtol=0, atol=0)


@pytest.mark.parametrize('lost', ['meta', 'optimizer', 'random_state', 'message_hub'])
def test_what_cannot_be_resumed(lost, checkpoint, tmp_path):
    content = read_checkpoint(checkpoint)
    content.pop(lost)
    write_checkpoint(content, tmp_path / 'part.pth')
    with pytest.raises(CheckpointError, match=f'it lacks {lost}'):
        tiny_run(tmp_path, resume=True, load_from=str(tmp_path / 'part.pth')).train()


def test_another_seed_or_number_of_processes(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match='written with seed 0, this run has 1'):
        tiny_run(tmp_path, resume=True, randomness__seed=1).train()
    content = read_checkpoint(checkpoint)
    content['random_state'] = {name: torch.cat([value, value]) for name, value in content['random_state'].items()}
    write_checkpoint(content, checkpoint)
    tiny_run(tmp_path, resume=True, train_cfg__max_epochs=2).train()
    assert any('written by 2 processes' in log.read_text() for log in tmp_path.glob('*/*.log'))


def test_validation_draws_no_random_numbers(tmp_path, rooms_cache):
    runner = tiny_run(tmp_path, val_dataloader__num_workers=2)
    before = torch.get_rng_state()
    runner.val()
    assert torch.equal(torch.get_rng_state(), before)


def test_loaders_have_what_the_house_needs(tmp_path, rooms_cache):
    runner = tiny_run(tmp_path)
    assert isinstance(runner.train_dataloader.sampler, EpochSampler) and not runner.train_dataloader.sampler.endless
    assert isinstance(runner.val_dataloader.sampler, EvenlySplitSampler)
    batch = next(iter(runner.train_dataloader))
    assert len(batch['inputs']) == len(batch['data_samples']) == 4
    iterations = tiny_run(tmp_path, config='tiny_rooms_iterations.py')
    assert iterations.train_dataloader.sampler.endless


@pytest.mark.parametrize(('config', 'by_epoch'), [('tiny_rooms.py', True), ('tiny_rooms_iterations.py', False)])
def test_checkpoints_and_logs_count_as_the_loop_does(config, by_epoch, tmp_path, rooms_cache):
    runner = tiny_run(tmp_path, config=config)
    hooks = {type(hook).__name__: hook for hook in runner.hooks}
    assert hooks['AtomicCheckpointHook'].by_epoch == hooks['LoggerHook'].log_metric_by_epoch == by_epoch
    assert runner.log_processor.by_epoch == by_epoch


def test_ddp_without_a_gpu(tmp_path, rooms_cache, monkeypatch):
    runner = tiny_run(tmp_path)
    monkeypatch.setattr('mmmtl.engine.runner.MultiTaskRunner.distributed', True)
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr('mmengine.runner.Runner.wrap_model', lambda self, cfg, model: cfg)
    runner.cfg.find_unused_parameters = True
    wrapper = runner.wrap_model(None, runner.model)
    assert wrapper['device_ids'] is None and wrapper['find_unused_parameters']
    assert runner.wrap_model(own := SimpleNamespace(), runner.model) is own


@pytest.mark.gpu
def test_a_step_does_not_wait_for_the_device(tmp_path, rooms_cache):
    """Between two logs nothing is brought to the host."""
    runner = tiny_run(
        tmp_path,
        train_cfg__max_epochs=1,
        default_hooks__logger__interval=50,
        default_hooks__checkpoint=None,
        optim_wrapper__optimizer__fused=True,
    )
    runner.train()  # all is built, and each kernel has run once
    batch = next(iter(runner.train_dataloader))
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode('error')
    try:
        runner.model.train()
        for _ in range(2):
            runner.call_hook('before_train_iter', batch_idx=0, data_batch=batch)
            outputs = runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper)
            runner.train_loop._iter = 0
            runner.call_hook('after_train_iter', batch_idx=0, data_batch=batch, outputs=outputs)
    finally:
        torch.cuda.set_sync_debug_mode('default')


@pytest.mark.parametrize('resume', [False, True])
def test_a_checkpoint_replaces_pretrained_weights(checkpoint, tmp_path, monkeypatch, resume):
    asked = []
    monkeypatch.setattr(
        'mmmtl.engine.checkpointing_runner.without_pretrained', lambda model: asked.append(model) or model
    )
    tiny_run(tmp_path / 'other', load_from=str(checkpoint), resume=resume)
    assert len(asked) == 1
    tiny_run(tmp_path / 'another', resume=resume)  # nothing there to resume from
    assert len(asked) == 1
