"""Scores as a table and as JSON: strict JSON, whole or not at all."""

import json
import math
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config

from mmmtl.experiments.scores import print_scores, write_scores
from mmmtl.tasks import Depth, SemSeg

SCORES = {
    'trained': {'depth/abs_rel': 0.125, 'depth/rmse': math.inf, 'semseg/IoU/bed': math.nan},
    'untrained': {'depth/abs_rel': 3.5},
}


def strict(text: str) -> dict:
    """JSON as other programs read it: NaN and Infinity are no part of it."""

    def refuse(name: str) -> None:
        raise AssertionError(f'{name} is not JSON')

    return json.loads(text, parse_constant=refuse)


def test_numbers_come_back_and_what_is_none_is_null(tmp_path):
    path = tmp_path / 'deep' / 'folder' / 'metrics.json'
    config = Config(dict(randomness=dict(seed=3)), filename=None)
    write_scores(path, SCORES, config)
    content = strict(path.read_text())
    assert len(content.pop('recipe')) == 16
    assert content == {
        'config': None,
        'data': 'test',
        'data_digest': None,
        'protocol': None,
        'protocol_digest': None,
        'departures': [],
        'seed': 3,
        'weights': {},
        'compared': {},
        'scores': {
            'trained': {'depth/abs_rel': 0.125, 'depth/rmse': None, 'semseg/IoU/bed': None},
            'untrained': {'depth/abs_rel': 3.5},
        },
    }
    assert [file.name for file in path.parent.iterdir()] == ['metrics.json']


def test_the_config_is_named(tmp_path):
    (tmp_path / 'my_config.py').write_text('tasks = dict()')
    write_scores(tmp_path / 'metrics.json', {}, Config.fromfile(tmp_path / 'my_config.py'))
    content = strict((tmp_path / 'metrics.json').read_text())
    assert (content['config'], content['protocol'], content['scores']) == ('my_config.py', None, {})


@pytest.mark.parametrize('moment', ['write_text', 'replace'])
def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path, monkeypatch, moment):
    path = tmp_path / 'metrics.json'
    write_scores(path, SCORES, Config())
    before = path.read_text()

    def write_some(self: Path, text: str, **options: str) -> None:
        self.open('w').write(text[:20])
        raise OSError('disk full')

    def fail(*_: object) -> None:
        raise OSError('disk full')

    monkeypatch.setattr(*((Path, 'write_text', write_some) if moment == 'write_text' else (os, 'replace', fail)))
    with pytest.raises(OSError, match='disk full'):
        write_scores(path, {'other': {}}, Config())
    assert path.read_text() == before


def test_the_table(capsys):
    model = SimpleNamespace(tasks={'semseg': SemSeg('semseg', ('a', 'b')), 'depth': Depth('depth')})
    print_scores(
        {
            'mean': {'semseg/mIoU': 0.25, 'depth/abs_rel': 0.5, 'depth/rmse': 9},
            'trained network': {'semseg/mIoU': 0.12345},
        },
        model,
    )
    header, first, second = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in header.split('|')] == ['', 'semseg mIoU ↑', 'depth abs_rel ↓']
    assert [cell.strip() for cell in first.split('|')] == ['mean', '0.25', '0.5']
    assert [cell.strip() for cell in second.split('|')] == ['trained network', '0.1235', 'nan']
    assert len(header) == len(first) == len(second)


def test_a_prefix_has_columns_of_its_own(capsys):
    model = SimpleNamespace(tasks={'depth': Depth('depth')})
    print_scores({'net': {'rooms/depth/abs_rel': 0.5, 'street/depth/abs_rel': 0.25, 'rooms/depth/rmse': 9.0}}, model)
    title, row = capsys.readouterr().out.splitlines()
    assert 'rooms depth abs_rel ↓' in title and 'street depth abs_rel ↓' in title and 'rmse' not in title
    assert row.split() == ['net', '|', '0.5', '|', '0.25']
