"""Log lines: means over the labelled steps of the interval and over all processes, absent where there was none."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from tiny_run import tiny_run
from two_processes import run_in_two, work

from mmmtl.hooks import IntervalLogProcessor

PLAIN = 'tiny_rooms_plain.py'  # every room shows one label
STILL = dict(optim_wrapper__optimizer__lr=0.0, train_cfg__val_interval=9, default_hooks__checkpoint__interval=1)


class Oracle(Hook):
    """Every step's task losses, the slow way: image by image, NaN where no image of the batch has the label."""

    def __init__(self) -> None:
        self.steps: list[dict[str, float]] = []

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        errors: dict[str, list[float]] = {name: [] for name in model.tasks}
        for image, sample in zip(data_batch['inputs'], data_batch['data_samples'], strict=True):
            data = model.data_preprocessor({'inputs': [image], 'data_samples': [sample]}, True)
            with torch.no_grad():
                logits = model(data['inputs'])
            for name in model.tasks:
                if name in sample.gt:
                    total, count = model.tasks[name].error(logits[name], sample.gt.get(name)[None])
                    errors[name].append((total / count).item())
        self.steps.append({name: float(np.mean(values)) if values else np.nan for name, values in errors.items()})


def lines_of(work_dir: Path) -> list[dict[str, float]]:
    """The printed training lines: what stands behind a name and a colon."""
    (log,) = work_dir.glob('*/*.log')
    found = [line for line in log.read_text().splitlines() if '(train)' in line and 'loss: ' in line]
    return [
        {name: float(value) for name, value in re.findall(r'(\S+): (-?[\d.e+-]+)(?:  |$)', line.split(' - ')[-1])}
        for line in found
    ]


def plotted(work_dir: Path) -> list[dict]:
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    return [line for line in map(json.loads, path.read_text().splitlines()) if 'loss' in line]


def check(steps: list[dict[str, float]], ends: list[tuple[int, int]], *logs: list[dict[str, float]]) -> None:
    """Lines over the steps from the first to before the second of ``ends`` against the mean of the steps."""
    for log in logs:
        assert len(log) == len(ends)
        for (first, last), line in zip(ends, log, strict=True):
            for name in steps[0]:
                values = np.array([step[name] for step in steps[first:last]])
                if np.isnan(values).all():
                    assert name not in line
                else:
                    assert line[name] == pytest.approx(np.nanmean(values), abs=2e-4)
            assert line['loss'] == pytest.approx(
                np.mean([sum(v for v in step.values() if v == v) for step in steps[first:last]]), abs=2e-4
            )


@pytest.mark.parametrize(
    'interval, batch, ends',
    [
        (1, 2, [(k, k + 1) for k in range(10)]),
        (3, 2, [(0, 3), (5, 8)]),
        (50, 4, [(0, 3), (3, 6)]),  # an epoch shorter than the interval ends in a line
    ],
)
def test_a_line_holds_means_over_the_labelled_steps(interval, batch, ends, tmp_path, rooms_cache):
    oracle = Oracle()
    tiny_run(
        tmp_path,
        {'oracle': oracle},
        PLAIN,
        train_cfg__max_epochs=2,
        train_dataloader__batch_size=batch,
        default_hooks__logger__interval=interval,
        **STILL,
    ).train()
    losses = np.array([list(step.values()) for step in oracle.steps])
    assert np.isnan(losses).any() and not np.isnan(losses).all(0).any()
    check(oracle.steps, ends, lines_of(tmp_path), plotted(tmp_path))


def test_iterations_and_a_resume_within_the_interval(tmp_path, rooms_cache):
    """And between two steps of the optimiser."""
    oracle, options = Oracle(), {**STILL, 'default_hooks__checkpoint__interval': 3}
    options |= dict(
        train_cfg=dict(by_epoch=False, max_iters=8, val_interval=9),
        train_dataloader__batch_size=1,
        log_processor__by_epoch=False,
        default_hooks__logger__interval=4,
        config='tiny_rooms_iterations.py',
        default_hooks__checkpoint__max_keep_ckpts=9,
        optim_wrapper__accumulative_counts=2,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel'),
    )
    tiny_run(tmp_path / 'whole', {'oracle': oracle}, **options).train()
    whole = lines_of(tmp_path / 'whole')
    check(oracle.steps, [(0, 4), (4, 8)], whole, plotted(tmp_path / 'whole'))
    tiny_run(
        tmp_path / 'resumed',
        {'oracle': Oracle()},
        **options,
        resume=True,
        load_from=str(tmp_path / 'whole' / 'iter_3.pth'),
    ).train()
    resumed = lines_of(tmp_path / 'resumed')
    for line in (*whole, *resumed):
        assert line['grad_norm'] > 0
        for name in ('time', 'data_time', 'eta'):
            line.pop(name, None)
    assert resumed == whole


def rank_trains(rank: int) -> None:
    """The first process writes the lines."""
    tiny_run(
        Path.cwd(),
        config=PLAIN,
        launcher='pytorch',
        train_cfg__max_epochs=2,
        train_dataloader__batch_size=1,
        default_hooks__logger__interval=3,
        **STILL,
    ).train()


def test_two_processes_print_the_same_lines(tmp_path, rooms_cache, monkeypatch):
    oracle = Oracle()
    tiny_run(
        tmp_path / 'one',
        {'oracle': oracle},
        PLAIN,
        train_cfg__max_epochs=2,
        train_dataloader__batch_size=2,
        default_hooks__logger__interval=3,
        **STILL,
    ).train()
    (tmp_path / 'two').mkdir()
    monkeypatch.chdir(tmp_path / 'two')
    run_in_two(__file__, tmp_path / 'two')
    alone, together = lines_of(tmp_path / 'one'), lines_of(tmp_path / 'two')
    check(oracle.steps, [(0, 3), (5, 8)], alone, together, plotted(tmp_path / 'two'))
    for one, two in zip(alone, together, strict=True):
        names = one.keys() - {'time', 'data_time', 'eta'}
        assert {name: two[name] for name in names} == pytest.approx({name: one[name] for name in names}, abs=1e-4)


def test_scores_are_those_of_the_last_validation(tmp_path, rooms_cache):
    """Whatever their names."""
    runner = tiny_run(tmp_path)
    for value in (1.0, 3.0):
        runner.message_hub.update_scalar('val/loss_of_life/grad_norm', value)
    runner.message_hub.update_scalar('val/semseg/mIoU', float('nan'))
    tag, line = runner.log_processor.get_log_after_epoch(runner, 2, 'val')
    assert tag['loss_of_life/grad_norm'] == 3.0 and np.isnan(tag['semseg/mIoU'])
    assert 'loss_of_life/grad_norm: 3.0000' in line


def test_a_window_of_the_users_own(tmp_path, rooms_cache):
    runner = tiny_run(tmp_path, log_processor__window_size=2, log_processor__num_digits=2)
    assert isinstance(runner.log_processor, IntervalLogProcessor) and runner.log_processor.num_digits == 2
    for name in ('depth', 'depth_lr', 'lr', 'film.lr'):
        for value in (5.0, 1.0, 3.0):
            runner.message_hub.update_scalar(f'train/{name}', value)
    runner.message_hub.update_scalar('train/normal', 0.0, 0)
    tag, line = runner.log_processor.get_log_after_iter(runner, 2, 'train')
    assert {name: tag[name] for name in ('depth', 'depth_lr', 'lr', 'film.lr')} == {
        'depth': 2.0,
        'depth_lr': 2.0,
        'lr': 3.0,
        'film.lr': 3.0,
    }
    assert 'normal' not in tag and 'film.lr: 3.00e+00' in line


def test_every_named_group_has_its_learning_rate(tmp_path, rooms_cache):
    groups = dict(heads=dict(keys=['decode_head'], lr=1e-5))
    tiny_run(
        tmp_path,
        config=PLAIN,
        optim_wrapper__constructor='mmmtl.NamedGroups',
        train_cfg__max_epochs=1,
        optim_wrapper__paramwise_cfg=groups,
    ).train()
    assert plotted(tmp_path)[-1]['heads.lr'] == 1e-5 and plotted(tmp_path)[-1]['lr'] == 0.05


if __name__ == '__main__':
    work(rank_trains)
