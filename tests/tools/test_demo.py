"""The demo on a handful of tiny rooms: one table with three rows, scores, sheets."""

import json
import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / 'tools' / 'demo.py'


def test_demo_end_to_end(tmp_path: Path) -> None:
    options = [
        f'{split}_dataloader.{option}'
        for split in ('train', 'val', 'test')
        for option in ('dataset.scenes=3', 'dataset.size=(32,40)', 'num_workers=0')
    ]
    command = [
        sys.executable,
        str(DEMO),
        '--work-dir',
        str(tmp_path / 'demo'),
        '--cfg-options',
        *options,
        'train_cfg.max_epochs=1',
        'train_cfg.val_interval=1',
        'protocol=None',
    ]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, 'MMMTL_CACHE': str(tmp_path)})
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if ' | ' in line]
    names = ['untrained network', 'mean or mode per pixel', 'trained network']
    assert [row.split(' | ')[0].strip() for row in rows] == ['', *names]
    scores = json.loads((tmp_path / 'demo' / 'metrics.json').read_text())['scores']
    assert set(scores) == set(names)
    # even a dozen images tell the mean depth better than an untrained network
    assert scores['mean or mode per pixel']['depth/abs_rel'] < scores['untrained network']['depth/abs_rel']
    assert list((tmp_path / 'demo' / 'sheets').glob('*.png'))
