"""`make gpu`: an interrupted run leaves valid results and is resumed, and every part runs in miniature on a CPU."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GPU = ROOT / 'benchmarks' / 'gpu'


def start(out: Path, *options: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(GPU), '--out', str(out), '--dry-run', *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'MMMTL_CACHE': str(out / '..' / 'cache'), **environment},
    )


def run(out: Path, *options: str, **environment: str) -> tuple[int, str, dict]:
    process = start(out, *options, **environment)
    text = process.communicate()[0]
    return process.returncode, text, json.loads((out / 'results.json').read_text())['parts']


def test_without_pytorch_or_a_gpu_nothing_is_written(tmp_path):
    for options, message in (('-S', 'has no PyTorch; name another interpreter'), ('', 'finds no GPU; name another')):
        command = [sys.executable, *filter(None, [options]), str(GPU), '--out', str(tmp_path / 'out')]
        environment = {**os.environ, 'CUDA_VISIBLE_DEVICES': ''}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 2 and message in done.stderr.splitlines()[-1]
    assert not (tmp_path / 'out').exists()


def module(name: str, monkeypatch) -> dict:
    monkeypatch.syspath_prepend(str(GPU))
    return runpy.run_path(str(GPU / f'{name}.py'))


@pytest.mark.check
def test_every_part_runs_in_miniature(tmp_path):
    code, text, parts = run(tmp_path / 'out', '--minutes', '60', '--total', '60')
    assert code == 0 and {entry['status'] for entry in parts.values()} == {'done'}, (text, parts)
    assert 'CvM adds to the step of ViT-L' in (tmp_path / 'out' / 'results.md').read_text()
    assert len(list((tmp_path / 'out').iterdir())) <= 8
    assert run(tmp_path / 'out')[2] == parts


@pytest.mark.check
def test_an_interrupted_run_is_resumed(tmp_path):
    out = tmp_path / 'out'
    process = start(out, '--only', 'device')
    assert any('device ...' in line for line in process.stdout), 'the part did not start'
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    entry = json.loads((out / 'results.json').read_text())['parts']['device']
    assert process.returncode == 143 and entry['status'] == 'interrupted'
    code, text, parts = run(out, '--only', 'device')
    assert code == 0 and parts['device']['status'] == 'done' and parts['device']['numbers']['copy bytes/s'] > 0, text
    assert parts['tests'] == {'status': 'pending'}


def test_time_of_a_call_and_of_all_calls(tmp_path):
    code, text, parts = run(tmp_path / 'a', '--minutes', '0.005')
    assert code == 0 and parts['device']['status'] == 'interrupted' and parts['tests']['status'] == 'pending', text
    assert run(tmp_path / 'a', '--minutes', '0.005')[2]['device']['status'] == 'too slow'
    code, text, parts = run(tmp_path / 'b', '--total', '0')
    assert {entry['status'] for entry in parts.values()} == {'pending'} and 'used up' in text


def test_a_result_counts_even_if_the_process_does_not_end_in_time(monkeypatch, tmp_path):
    child = module('child', monkeypatch)
    measure = tmp_path / 'measure.py'
    measure.write_text(
        'import pathlib, sys, time\n'
        'if "write" in sys.argv: pathlib.Path(sys.argv[2]).write_text(\'{"status": "done"}\')\n'
        'time.sleep(100)'
    )
    monkeypatch.setitem(child['Child'].run.__globals__, 'HERE', tmp_path)
    for arguments, status in ((('write',), 'done'), ((), 'timeout')):
        assert child['Child']().run(arguments, 3, dict(os.environ)) == {'status': status}


@pytest.mark.check
def test_chosen_parts_are_repeated_unless_they_are_done(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.whl', 'w') as wheel:
        wheel.writestr('mmengine.py', "raise ModuleNotFoundError('none', name='mmengine_absent')")
    assert run(tmp_path / 'out', '--only', 'tests', '--wheels', str(tmp_path))[2]['tests']['status'] == 'skipped'
    (tmp_path / 'x.whl').unlink()
    assert 'tests ...' not in run(tmp_path / 'out', '--minutes', '0')[1]
    assert run(tmp_path / 'out', '--only', 'tests')[2]['tests']['status'] == 'done'
    assert 'tests ...' not in run(tmp_path / 'out', '--only', 'tests')[1]


@pytest.mark.parametrize('content', ['{', '[]', '{"dry_run": true}', '{"dry_run": false, "seconds": 1, "parts": {}}'])
def test_results_that_cannot_be_continued(tmp_path, content):
    (tmp_path / 'results.json').write_text(content)
    process = start(tmp_path)
    line = process.communicate()[0].splitlines()[-1]
    assert process.returncode == 2 and str(tmp_path / 'results.json') in line
    assert (tmp_path / 'results.json').read_text() == content


def test_a_missing_package_is_named(monkeypatch):
    missing_package = module('measure', monkeypatch)['missing_package']
    nested = ValueError('config')
    nested.__cause__ = ModuleNotFoundError("No module named 'absent.part'", name='absent.part')
    assert missing_package(nested) == 'absent'
    assert missing_package(ModuleNotFoundError('', name='mmmtl.absent')) is None
    assert missing_package(ModuleNotFoundError('', name='json.absent')) is None
    assert missing_package(ValueError()) is None


def test_results_are_json_and_a_table(tmp_path, monkeypatch):
    finite = module('measure', monkeypatch)['finite']
    results = module('results', monkeypatch)['Results'](tmp_path, dry_run=False)
    for seed, (miou, normal) in enumerate([(0.25, float('nan')), (0.75, 20.0)]):
        numbers = {'semseg/mIoU': miou, 'depth/abs_rel': 0.1, 'normal/mean': normal}
        results.set(f'rooms_segnet_supervised_seed_{seed}', 'done', 60, **finite({'numbers': numbers}))
    goal = {'goal': 'faster than a|b', 'measured': 3.0, 'reached': False}
    results.set('mapping', 'done', 30, numbers={}, goals=[goal])
    results.set('tests', 'failed', 30, message='first line\nsecond | line')
    stored = json.loads((tmp_path / 'results.json').read_text(), parse_constant=pytest.fail)
    assert stored['seconds'] == 180 and sum(entry['status'] == 'pending' for entry in stored['parts'].values()) == 24
    table = (tmp_path / 'results.md').read_text()
    assert '| segnet_supervised | 2 | 0.5 | 0.1 | 20 |' in table
    assert '| mapping | faster than a\\|b | 3 | **no** |' in table
    assert '| tests | failed | 30 | first line second \\| line |' in table
    assert sorted(path.name for path in tmp_path.iterdir()) == ['results.json', 'results.md']


@pytest.mark.check
def test_a_part_without_its_package_is_left_out_by_name(tmp_path):
    """A wheel that replaces MMEngine with nothing, as on a machine without it."""
    with zipfile.ZipFile(tmp_path / 'x.whl', 'w') as wheel:
        wheel.writestr('mmengine.py', "raise ModuleNotFoundError('none', name='mmengine_absent')")
    code, text, parts = run(tmp_path / 'out', '--only', 'step_mtpsl', 'tests', '--wheels', str(tmp_path))
    assert code == 0, text
    for name in ('step_mtpsl', 'tests'):
        assert parts[name]['status'] == 'skipped' and 'needs mmengine_absent' in parts[name]['message']


def test_opencv_may_be_absent_where_it_is_not_called(monkeypatch):
    cv2 = module('measure', monkeypatch)['AbsentOpenCV']('cv2')
    assert cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION == 0 and cv2.utils.logging is not None
    with pytest.raises(ModuleNotFoundError, match='cv2.resize needs OpenCV'):
        cv2.resize(None, (1, 1))
