"""Parameters that no loss depends on: a line that names them; with two processes in place of a crash."""

from pathlib import Path

import pytest
from tiny_run import tiny_run
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.hooks.unused_parameters_hook import common_parts

FIRST_STAGE = dict(
    config='tiny_rooms_plain.py',
    model__decode_head__head__in_index=0,
    train_cfg__max_epochs=1,
    train_cfg__val_interval=9,
)
LINE = 'no loss depends on backbone.model.stages_1 (22 parameters)'


def warnings(work_dir: Path) -> list[str]:
    (log,) = work_dir.glob('*/*.log')
    return [line for line in log.read_text().splitlines() if 'no loss depends' in line]


@pytest.mark.parametrize('options', [{}, {'optim_wrapper__accumulative_counts': 2}])
def test_one_process_warns_once(options, tmp_path, rooms_cache):
    tiny_run(tmp_path, **FIRST_STAGE, **options).train()
    (line,) = warnings(tmp_path)
    assert LINE in line and 'out_indices' in line


@pytest.mark.parametrize(
    'options', [{}, {'model__loss_weighting': dict(type='mmmtl.MGDA')}, {'train_dataloader__batch_size': 1}]
)
def test_unlabelled_tasks_and_frozen_stages_cause_no_warning(options, tmp_path, rooms_cache):
    """A batch of one image shows one label of three."""
    runner = tiny_run(tmp_path, **{**FIRST_STAGE, 'model__decode_head__head__in_index': 1}, **options)
    runner.model.backbone.model.stem_0.requires_grad_(False)
    runner.train()
    assert warnings(tmp_path) == []


def test_names_are_put_together():
    every = ['a.0.w', 'a.0.b', 'a.1.w', 'ab.w', 'c']
    assert common_parts(['a.0.w', 'a.0.b'], every) == ['a.0 (2 parameters)']
    assert common_parts(['a.0.b', 'c'], every) == ['a.0.b', 'c']
    assert common_parts(['a.0.w', 'a.0.b', 'a.1.w'], every) == ['a (3 parameters)']


def rank_trains(rank: int) -> list[str]:
    options = dict(**FIRST_STAGE, launcher='pytorch', train_dataloader__batch_size=2)
    with pytest.raises(ConfigError) as caught:
        tiny_run(Path('refused'), **options).train()
    tiny_run(Path('allowed'), find_unused_parameters=True, **options).train()
    return [str(caught.value)]


def test_two_processes_stop_with_a_line(tmp_path, rooms_cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for (message,) in run_in_two(__file__, tmp_path):
        assert message.startswith(f'{LINE}, and with several processes')
        assert message.endswith('find_unused_parameters=True')
    assert not list((tmp_path / 'refused').glob('*.pth')) and (tmp_path / 'allowed' / 'epoch_1.pth').exists()
    (line,) = warnings(tmp_path / 'allowed')
    assert LINE in line


if __name__ == '__main__':
    work(rank_trains)
