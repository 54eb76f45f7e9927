"""Stop at a random step, change one thing, resume: the run goes on rightly, or one line names what differs."""

import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from resumed_run import LENGTH, LOOPS, PLAIN, Seen, closed_form, log, rates, run
from tiny_run import tiny_run
from two_processes import run_in_two, work

from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.checkpoints.resumable_epoch_loop import resume_position
from mmmtl.engine import checkpointing_runner
from mmmtl.errors import CheckpointError


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
    """For each kind of loop a run of 12 iterations, all its checkpoints and the images of its steps."""
    runs = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMMTL_CACHE', str(tmp_path_factory.getbasetemp() / 'rooms'))
        for loop in LOOPS:
            folder, seen = tmp_path_factory.mktemp(loop), Seen()
            runs[loop] = SimpleNamespace(folder=folder, seen=seen.images, runner=run(folder, loop, 12, seen))
    return runs


def checkpoint_of(stopped, loop: str, step: int) -> Path:
    return stopped[loop].folder / (f'epoch_{step // LENGTH}.pth' if loop == 'epochs' else f'iter_{step}.pth')


def some_step(loop: str, what: str) -> int:
    return random.Random(f'{loop} {what}').choice(range(LENGTH, 12, LENGTH) if loop == 'epochs' else range(1, 12))


@pytest.mark.slow
@pytest.mark.parametrize('loop', LOOPS)
@pytest.mark.parametrize('change', [{}, dict(num_workers=2, persistent_workers=False)], ids=['nothing', 'workers'])
def test_nothing_that_counts_is_changed(loop, change, stopped, tmp_path, rooms_cache):
    step = some_step(loop, f'{change}')
    seen = Seen()
    runner = run(
        tmp_path,
        loop,
        12,
        seen,
        resume=True,
        load_from=str(checkpoint_of(stopped, loop, step)),
        **{f'train_dataloader__{key}': value for key, value in change.items()},
    )
    whole = stopped[loop].runner
    for name, value in whole.model.state_dict().items():
        assert torch.equal(runner.model.state_dict()[name], value), (step, name)
    assert seen.images == stopped[loop].seen[step:] and rates(runner) == rates(whole)
    assert 'the config has changed' not in log(tmp_path)


@pytest.mark.parametrize('loop', LOOPS)
@pytest.mark.parametrize('steps', [9, 24])
def test_another_length_of_the_run(loop, steps, stopped, tmp_path, rooms_cache):
    step = min(some_step(loop, f'{steps}'), 6)
    seen = Seen()
    runner = run(tmp_path, loop, steps, seen, resume=True, load_from=str(checkpoint_of(stopped, loop, step)))
    expected = [closed_form(number, 12 if number < step else steps) for number in range(steps)]
    assert rates(runner) == pytest.approx(expected, abs=1e-9)
    assert seen.images[: 12 - step] == stopped[loop].seen[step:steps]
    entry = 'max_epochs was 4, is' if loop == 'epochs' else 'max_iters was 12, is'
    assert f'the config has changed; the current one is used: train_cfg.{entry}' in log(tmp_path)


CHANGES = {
    'batch': (dict(train_dataloader__batch_size=2), 'train_dataloader.batch_size was 4 on 1 process, is 2 on 1'),
    'images': (dict(train_dataloader__dataset__scenes=5), 'train_dataloader.dataset.scenes was 10, is 5'),
    'labels': (
        dict(train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel')),
        'train_dataloader.dataset.label_setting.type was not set, is mmmtl.OneLabel',
    ),
}


@pytest.mark.parametrize('loop', LOOPS)
@pytest.mark.parametrize('what', CHANGES)
def test_another_batch_size_images_or_labels_require_confirmation(loop, what, stopped, tmp_path, rooms_cache):
    options, said = CHANGES[what]
    step = some_step(loop, what)
    source = str(checkpoint_of(stopped, loop, step))
    with pytest.raises(CheckpointError) as refused:
        run(tmp_path, loop, 15, resume=True, load_from=source, **options)
    assert said in str(refused.value) and f'resume_despite={what}' in str(refused.value)
    assert not list(tmp_path.glob('*.pth'))

    length = {'batch': 5, 'images': 2, 'labels': LENGTH}[what]
    epochs = 5
    end, place = (epochs * length, step // LENGTH * length) if loop == 'epochs' else (15, step)
    runner = run(tmp_path, loop, 15, resume=True, load_from=source, resume_despite=[what], **options)
    assert runner.iter == end
    assert rates(runner)[step:] == pytest.approx([closed_form(number, end) for number in range(place, end)], abs=1e-9)
    assert said in log(tmp_path)
    assert ('an epoch now has' in log(tmp_path)) == (place != step)


def test_settings_of_the_optimizer_are_the_configs(stopped, tmp_path, rooms_cache):
    runner = run(
        tmp_path,
        'epochs',
        12,
        resume=True,
        load_from=str(checkpoint_of(stopped, 'epochs', 9)),
        optim_wrapper__optimizer__lr=1e-4,
        optim_wrapper__optimizer__weight_decay=0.3,
    )
    assert rates(runner)[9:] == pytest.approx([closed_form(number, 12, 1e-4) for number in range(9, 12)], abs=1e-10)
    assert runner.optim_wrapper.param_groups[0]['weight_decay'] == 0.3
    assert 'optim_wrapper.optimizer.lr was 0.001, is 0.0001; ' in log(tmp_path)


def test_resuming_a_finished_run_logs_that_it_is_finished(stopped, tmp_path, rooms_cache):
    runner = run(tmp_path, 'epochs', 6, resume=True, load_from=str(checkpoint_of(stopped, 'epochs', 12)))
    assert runner.iter == 12 and 'training is already complete: 12 iterations are done, this config has 6' in log(
        tmp_path
    )


def test_a_checkpoint_without_a_recipe(stopped, tmp_path, rooms_cache):
    """Of an earlier version: it is resumed, and the schedule is the config's too."""
    content = read_checkpoint(checkpoint_of(stopped, 'epochs', 6))
    for key in ('recipe_entries', 'learnt_from'):
        del content['meta'][key]
    del content['first_settings'], content['gradients']
    write_checkpoint(content, tmp_path / 'old.pth')
    runner = run(tmp_path, 'epochs', 18, resume=True, load_from=str(tmp_path / 'old.pth'))
    assert rates(runner)[6:] == pytest.approx([closed_form(number, 18) for number in range(6, 18)], abs=1e-9)
    assert 'without the recipe, so it was not compared with this config' in log(tmp_path)


def test_weights_in_another_order(stopped, tmp_path, rooms_cache):
    """Tasks listed in a different order: optimiser and weightings know them by number."""
    content = read_checkpoint(checkpoint_of(stopped, 'epochs', 6))
    content['state_dict'] = dict(reversed(content['state_dict'].items()))
    write_checkpoint(content, tmp_path / 'reversed.pth')
    with pytest.raises(
        CheckpointError, match='weights are in a different order.* restore the order of tasks, heads and losses'
    ):
        run(tmp_path, 'epochs', 12, resume=True, load_from=str(tmp_path / 'reversed.pth'))


def test_a_best_score_by_another_metric_is_dropped(stopped, tmp_path, rooms_cache):
    content = read_checkpoint(checkpoint_of(stopped, 'epochs', 9))
    content['message_hub']['best_scores'] = {'best_score': 0.25}
    write_checkpoint(content, tmp_path / 'best.pth')
    options = dict(resume=True, load_from=str(tmp_path / 'best.pth'))
    kept = run(tmp_path / 'kept', 'epochs', 9, **options)
    assert kept.message_hub.get_info('best_score') == 0.25
    anew = run(
        tmp_path / 'anew',
        'epochs',
        9,
        default_hooks__checkpoint__save_best='depth/rmse',
        default_hooks__checkpoint__rule='less',
        **options,
    )
    assert 'best_score' not in anew.message_hub.runtime_info
    assert 'the best score so far is dropped' in log(tmp_path / 'anew')


def test_accumulated_gradients_are_restored(tmp_path, rooms_cache):
    """Two batches make a step and three an epoch, so a checkpoint lies in the middle of a step."""
    options = dict(optim_wrapper__accumulative_counts=2)
    whole = run(tmp_path / 'whole', 'epochs', 6, **options)
    resumed = run(
        tmp_path / 'resumed', 'epochs', 6, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth'), **options
    )
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value), name
    assert 'gradient of some iterations is lost' not in log(tmp_path / 'resumed')


def test_without_a_seed_one_is_chosen_and_kept(tmp_path, rooms_cache, monkeypatch):
    free = dict(randomness__seed=None)
    whole = run(tmp_path / 'whole', 'epochs', 6, **free)
    assert isinstance(whole.seed, int) and whole.cfg.randomness.seed == whole.seed
    assert f'seed: {whole.seed}' in log(tmp_path / 'whole').lower()
    resumed = run(
        tmp_path / 'resumed', 'epochs', 6, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth'), **free
    )
    assert resumed.seed == resumed.cfg.randomness.seed == whole.seed
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value), name
    with monkeypatch.context() as patched:  # the search for the latest checkpoint has read it already
        patched.delattr(checkpointing_runner, 'read_checkpoint')
        assert tiny_run(tmp_path / 'whole', config=LOOPS['epochs'], resume=True, **free).seed == whole.seed
    assert run(tmp_path / 'other', 'epochs', 3, **free).seed != whole.seed
    stated = run(tmp_path / 'stated', 'epochs', 6, randomness__seed=whole.seed)
    assert all(map(torch.equal, stated.model.state_dict().values(), whole.model.state_dict().values()))


@pytest.mark.parametrize(
    ('loop', 'epoch', 'iteration', 'epoch_length', 'expected'),
    [
        ('epochs', 2, 6, 3, (2, 6)),
        ('epochs', 2, 8, 3, (2, 8)),
        ('epochs', 2, 10, 5, (2, 6)),
        ('epochs', 2, 11, 5, (3, 9)),
        ('epochs', 2, 10, None, (2, 6)),
        ('epochs', 0, 8, None, (2, 6)),
        ('iterations', 0, 8, None, (0, 8)),
        ('iterations', 2, 6, 3, (0, 6)),
    ],
)
def test_position_in_another_loop(loop, epoch, iteration, epoch_length, expected, tmp_path, rooms_cache):
    train_loop = tiny_run(tmp_path, config=LOOPS[loop]).train_loop
    assert resume_position(train_loop, epoch, iteration, epoch_length) == expected


def test_position_without_a_sampler_that_skips(tmp_path, rooms_cache):
    train_loop = tiny_run(tmp_path, train_dataloader__sampler={'_delete_': True, 'type': 'DefaultSampler'}).train_loop
    assert resume_position(train_loop, 2, 6, 3) == (2, 6)
    assert resume_position(train_loop, 2, 8, 3) == (3, 9)


# -- processes --------------------------------------------------------------------------------------------------------

NINE = dict(
    train_dataloader__dataset__scenes=9,
    optim_wrapper__type='mmmtl.FiniteOptimWrapper',
    **PLAIN,
    model__decode_head__head__norm=None,
)  # no batch norm, and two processes do not divide the images


@pytest.mark.slow
def test_another_number_of_processes(tmp_path, rooms_cache):
    """One, then two with half the batch each, then one again."""
    seen, last = Seen(), Seen()
    whole = run(tmp_path / 'one', 'iterations', 12, seen, **NINE)
    both = run_in_two(__file__, tmp_path)
    for steps, learning_rates in both:
        assert len(steps) == 9 and learning_rates == rates(whole)
    assert [sorted(a + b) for a, b in zip(*(steps for steps, _ in both), strict=True)] == seen.images[3:]
    end = run(
        tmp_path / 'end', 'iterations', 12, last, resume=True, load_from=str(tmp_path / 'two' / 'iter_8.pth'), **NINE
    )
    assert last.images == seen.images[8:] and rates(end) == rates(whole)
    assert 'was written by 2 processes, now there are 1' in log(tmp_path / 'end')
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(end.model.state_dict()[name], value, rtol=1e-4, atol=1e-5)


def continue_in_two(rank: int) -> tuple[list[list[str]], list[float]]:
    os.environ['LOCAL_RANK'] = str(rank)
    folder, seen = Path(sys.argv[2]), Seen()
    runner = run(
        folder / 'two',
        'iterations',
        12,
        seen,
        launcher='pytorch',
        train_dataloader__batch_size=2,
        resume=True,
        load_from=str(folder / 'one' / 'iter_3.pth'),
        **NINE,
    )
    return seen.images, rates(runner)


if __name__ == '__main__':
    work(continue_in_two)
