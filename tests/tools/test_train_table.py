"""The table of configs and seeds: rows in the order in which they were asked for, however the paths are written."""

import json

import pytest
from tool_process import CONFIGS


def scores_of_nothing(runs, jobs: int) -> None:
    """In the place of the trainings."""
    for number, run in enumerate(runs):
        run.work_dir.mkdir(parents=True)
        (run.work_dir / 'metrics.json').write_text(json.dumps(dict(
            config=str(run.config), protocol=None, seed=run.seed, recipe=run.config.stem,
            compared={'depth/abs_rel': False}, scores={'trained network': {'depth/abs_rel': float(number)}})))


@pytest.mark.parametrize('prefix', ['', './'])
def test_rows_are_in_the_order_of_the_configs(tool, monkeypatch, tmp_path, capsys, prefix):
    module = tool('analysis_tools/train_table')
    monkeypatch.chdir(CONFIGS)
    monkeypatch.setattr(module, 'train_and_test', scores_of_nothing)
    configs = [f'{prefix}{name}.py' for name in ('tiny_rooms_plain', 'tiny_rooms')]
    monkeypatch.setattr('sys.argv', ['train_table.py', *configs, '--seeds', '0', '1', '--work-dir', str(tmp_path)])
    module.main()
    rows = [line.split(' | ')[:3] for line in capsys.readouterr().out.splitlines()[2:4]]
    # the first seeds of all configs are trained before the second ones
    assert rows == [['| tiny_rooms_plain', '2', '1 ± 1.4 |'], ['| tiny_rooms', '2', '2 ± 1.4 |']]
