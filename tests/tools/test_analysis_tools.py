"""The analysis tools as a user starts them: output, exit codes, one line for a mistake."""

import json
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
_rooms = dict(type='mmmtl.SyntheticRooms', scenes=2, num_views=1, size=(32, 40), cache={cache!r})
_loading = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
tasks = dict(depth=dict(type='mmmtl.Depth'))
train_dataloader = dict(batch_size=2, dataset=dict(**_rooms, split='train', pipeline=_loading))
val_dataloader = dict(batch_size=2, dataset=dict(**_rooms, split='val', pipeline=_loading))
"""


@pytest.fixture
def start(monkeypatch, capsys):
    """Start a tool in this process, which has imported torch already: its exit code, stdout and stderr."""

    def run(tool: str, *arguments: object) -> tuple[int, str, str]:
        path = ROOT / 'tools' / 'analysis_tools' / tool
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(path), run_name='__main__')
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


def test_the_doctor(tmp_path, start):
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(cache=str(tmp_path / 'cache')))
    code, out, _ = start('check_dataset.py', config, '--write-checksums', tmp_path / 'cache' / 'list.json')
    assert (code, out) == (0, f'28 files: {tmp_path}/cache/list.json\n')  # 2 splits of 2 scenes of 7 files
    code, out, _ = start('check_dataset.py', config, '--workers', 1)
    assert code == 0
    assert out.startswith('train: SyntheticRooms(train, 2 scenes)') and out.endswith('nothing is wrong\n')
    bad = next(tmp_path.rglob('train/00001/0_depth.npz'))
    bad.write_bytes(b'')
    code, out, _ = start('check_dataset.py', config)
    assert code == 1
    assert f'WRONG: 1 bad files:\n    {bad}: cannot be read' in out and out.endswith('wrong: 1\n')


@pytest.mark.parametrize(('protocol', 'code'), [('kitti/eigen', 0), ('nyuv2-13/mtan', 2)])
def test_the_table(tmp_path, start, protocol, code):
    for seed, name in enumerate(('kitti/eigen', protocol)):
        (tmp_path / str(seed)).mkdir()
        (tmp_path / str(seed) / 'metrics.json').write_text(
            json.dumps(
                {
                    'config': 'a.py',
                    'protocol': name,
                    'seed': seed,
                    'recipe': 'r',
                    'compared': {'depth/abs_rel': False},
                    'scores': {'epoch_1.pth': {'depth/abs_rel': 0.25}},
                }
            )
        )
    found, out, problem = start('compare_runs.py', tmp_path / '0', tmp_path / '1', '--out', tmp_path / 'table.md')
    assert found == code
    if code:
        assert problem.count('\n') == 1 and problem.startswith('error: ') and 'one table' in problem
    else:
        assert '| a | 2 | 0.25 ± 0 |' in out and (tmp_path / 'table.md').read_text() == out
