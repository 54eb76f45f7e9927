"""ConsistencyRampHook: the factor follows the epoch or the iteration, and nothing else; MTPSL trained with it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tiny_run import tiny_run
from torch import nn

from mmmtl.apis import MultiTaskRunner
from mmmtl.errors import ConfigError
from mmmtl.hooks import ConsistencyRampHook


def make_runner(**progress) -> SimpleNamespace:
    model = nn.Module()
    model.consistency_losses = nn.ModuleDict({'a': nn.Identity(), 'b': nn.Identity()})
    return SimpleNamespace(model=model, **progress)


@pytest.mark.parametrize('length', ['epochs', 'iterations'])
def test_it_rises_to_one_and_stays(length):
    hook, seen = ConsistencyRampHook('a', **{length: 4}), []
    for done in range(7):
        runner = make_runner(**(dict(epoch=done, iter=99) if length == 'epochs' else dict(epoch=99, iter=done)))
        hook.before_train_iter(runner, 0)
        seen.append(runner.model.consistency_losses['a'].ramp)
        assert not hasattr(runner.model.consistency_losses['b'], 'ramp')
    assert seen == [0, 0.25, 0.5, 0.75, 1, 1, 1]


@pytest.mark.parametrize('lengths', [{}, dict(epochs=3, iterations=3), dict(epochs=0), dict(iterations=-1)])
def test_one_length_above_zero(lengths):
    with pytest.raises(ConfigError, match='expected epochs or iterations'):
        ConsistencyRampHook('a', **lengths)


def test_a_loss_that_is_not_there():
    with pytest.raises(ConfigError, match="no consistency loss 'c', it has a, b"):
        ConsistencyRampHook('c', epochs=3).before_train(make_runner())


def test_epochs_do_not_pass_in_a_loop_of_iterations(tmp_path, rooms_cache):
    loop = tiny_run(tmp_path, config='tiny_rooms_iterations.py').train_loop
    ConsistencyRampHook('a', iterations=3).before_train(make_runner(train_loop=loop))
    with pytest.raises(ConfigError, match='counts iterations and would stay in epoch 0; give iterations'):
        ConsistencyRampHook('a', epochs=3).before_train(make_runner(train_loop=loop))


def mtpsl(work_dir: Path, **options) -> MultiTaskRunner:
    """One label per image, two crops, consistency in a joint space that comes in over four iterations; own FiLM."""
    return tiny_run(
        work_dir,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel'),
        train_dataloader__dataset__pipeline=[
            dict(type='mmmtl.LoadViews'),
            dict(type='mmmtl.RandomFlip'),
            dict(type='mmmtl.TwoCrops'),
        ],
        model__consistency_losses=dict(
            tie=dict(type='mmmtl.CrossTaskConsistency', weight=2.0, space=dict(widths=(6, 32)))
        ),
        optim_wrapper__constructor='mmmtl.NamedGroups',
        optim_wrapper__paramwise_cfg=dict(film=dict(keys=['film'], lr=0.01)),
        param_scheduler=[dict(type='mmmtl.GroupStepLR', groups=['film'], by_epoch=True, step_size=1, gamma=0.5)],
        custom_hooks=[dict(type='mmmtl.ConsistencyRampHook', name='tie', iterations=4)],
        default_hooks__logger__interval=1,
        train_cfg__val_interval=9,
        **options,
    )


@pytest.mark.slow
def test_mtpsl_trains_and_resumes(tmp_path, rooms_cache):
    whole = mtpsl(tmp_path / 'whole', train_cfg__max_epochs=2)
    film = {name: value.clone() for name, value in whole.model.named_parameters() if 'film' in name}
    whole.train()
    log = {name: history.data[0] for name, history in whole.message_hub.log_scalars.items()}
    for step, (total, tie) in enumerate(zip(log['train/loss'], log['train/tie'], strict=True)):
        tasks = sum(log[f'train/{name}'][step] for name in ('semseg', 'depth', 'normal'))
        assert total == pytest.approx(tasks + 2 * min(step / 4, 1) * tie, rel=1e-5) and tie > 0
    assert len(log['train/loss']) == 6
    assert all((value - dict(whole.model.named_parameters())[name]).abs().max() > 0.01 for name, value in film.items())

    resumed = mtpsl(
        tmp_path / 'resumed', train_cfg__max_epochs=2, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth')
    )
    resumed.train()
    for (name, one), other in zip(whole.model.state_dict().items(), resumed.model.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert [group['lr'] for group in resumed.optim_wrapper.param_groups[:2]] == [1e-3, 0.005]
