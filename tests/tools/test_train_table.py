"""The table of configs and seeds: rows in the order in which they were asked for, however the paths are written."""

import json

import pytest
import torch
from tool_process import CONFIGS

from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.configuration.recipes import recipe_name
from mmmtl.registry import MODELS


def scores_of_nothing(runs, jobs: int) -> bool:
    """In the place of the trainings."""
    for number, run in enumerate(runs):
        run.work_dir.mkdir(parents=True)
        scores_of_nothing_in(run, float(number))
    return True


def scores_of_nothing_in(run, value: float) -> None:
    (run.work_dir / 'metrics.json').write_text(
        json.dumps(
            dict(
                config=f'{recipe_name(run.config)}.py',
                protocol=None,
                seed=run.seed,
                recipe=recipe_name(run.config),
                compared={'depth/abs_rel': False},
                scores={'trained network': {'depth/abs_rel': value}},
            )
        )
    )


@pytest.mark.parametrize('prefix', ['', './'])
def test_rows_are_in_the_order_of_the_configs(tool, mmmtl_command, monkeypatch, tmp_path, capsys, prefix):
    module = tool('experiments/sweep')
    monkeypatch.chdir(CONFIGS)
    monkeypatch.setattr(module, 'train_and_test', scores_of_nothing)
    configs = [f'{prefix}{name}.py' for name in ('tiny_rooms_plain', 'tiny_rooms')]
    mmmtl_command('table', *configs, '--seeds', '0', '1', '--work-dir', tmp_path)
    rows = [line.split(' | ')[:3] for line in capsys.readouterr().out.splitlines()[2:4]]
    # the first seeds of all configs are trained before the second ones
    assert rows == [['| tiny_rooms_plain', '2', '1 ± 1.4 |'], ['| tiny_rooms', '2', '2 ± 1.4 |']]


def test_rows_start_from_one_training_for_each_task(tool, mmmtl_command, tmp_path, capsys, monkeypatch):
    """Each task is trained once for a seed; every row of that seed starts from the heads of both and one encoder."""
    module = tool('experiments/sweep')
    folder = CONFIGS.parents[1] / 'configs' / 'pseudo_mtl'
    stages = [f'depth={folder}/pretrain.py::rooms_small_depth', f'semseg={folder}/pretrain.py::rooms_small_classes']
    asked = []

    def untrained(runs, jobs: int) -> bool:
        for run in runs:
            asked.append(run)
            config = run.load()
            assert not config.resume or run.start is None
            assert config.get('load_from') == (str(run.start.checkpoint) if run.start else None)
            torch.manual_seed(len(asked))
            run.work_dir.mkdir(parents=True)
            model = MODELS.build(config.model)
            write_checkpoint({'state_dict': model.state_dict()}, run.work_dir / 'iter_600.pth')
            (run.work_dir / 'last_checkpoint').write_text(str(run.work_dir / 'iter_600.pth'))
            if run.start is not None:
                scores_of_nothing_in(run, 0.5)
        return True

    monkeypatch.setattr(module, 'train_and_test', untrained)
    configs = [f'{folder}/rooms_small.py::{row}' for row in ('baseline', 'full')]
    mmmtl_command('table', *configs, '--seeds', '3', '--pretrain', *stages, '--work-dir', tmp_path)
    depth, classes, *rows = asked
    assert [run.work_dir.parent.name for run in rows] == ['baseline', 'full']
    start = rows[0].start
    assert rows[1].start == start and set(start.recipes) == {'depth', 'semseg'}
    assert rows[0].load().started_from == start.recipes
    states = {
        key: torch.load(file, weights_only=True)['state_dict']
        for key, file in (
            ('start', start.checkpoint),
            ('depth', depth.work_dir / 'iter_600.pth'),
            ('semseg', classes.work_dir / 'iter_600.pth'),
        )
    }
    for key, value in states['start'].items():
        assert torch.equal(value, states['semseg' if 'semseg' in key.split('.') else 'depth'][key])
    assert rows[0].load().resume, 'once begun, a row goes on from its own checkpoint'


def test_a_table_is_all_of_its_rows(tool, mmmtl_command, tmp_path, monkeypatch, capsys):
    module = tool('experiments/sweep')
    monkeypatch.setattr(module, 'train_and_test', scores_of_nothing)
    folder = CONFIGS.parents[1] / 'configs' / 'pseudo_mtl'
    mmmtl_command('table', folder / 'rooms_small.py', '--seeds', '0', '--work-dir', tmp_path)
    rows = [line.split(' | ')[0].removeprefix('| ') for line in capsys.readouterr().out.splitlines()[2:8]]
    assert rows == ['baseline', 'own_all', 'pseudo_all', 'confidence', 'confidence_all', 'full']
    assert (tmp_path / 'pseudo_mtl_rooms_small' / 'own_all' / 'seed_0').is_dir()


def test_every_recipe_and_row_is_listed(mmmtl_command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # wherever it is started
    mmmtl_command('table', '--list')
    names = capsys.readouterr().out.splitlines()
    assert (
        {'configs/baseline/aspp_resnet18_b8_2e_rooms_full.py', 'configs/mtpsl/table_2.py::onelabel_cross_task'}
        <= {*names}
        and len(names) == len(set(names))
        and not any('methods' in name for name in names)
    )
