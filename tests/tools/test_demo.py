"""The demo on a handful of tiny rooms: one table, scores, sheets, and what it starts from."""

import json
import os
import subprocess
import sys
from pathlib import Path

from mmmtl.cli import demo
from mmmtl.models.backbones.packaged_weights import PACKAGED, PackagedWeights
from mmmtl.tasks import build_tasks

DEMO = Path(__file__).parents[2] / 'tools' / 'demo.py'
INSTALLED = PACKAGED['tf_efficientnet_lite0'].is_installed


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
    names = ['untrained network', 'constant baseline']
    start = 'pretrained weights' if INSTALLED else 'scratch'
    assert [row.split(' | ')[0].strip() for row in rows] == ['', *names, f'trained from {start}']
    scores = json.loads((tmp_path / 'demo' / 'metrics.json').read_text())['scores']
    assert set(scores) == {*names, 'trained network'}
    # even a dozen images tell the mean depth better than an untrained network
    assert scores['constant baseline']['depth/abs_rel'] < scores['untrained network']['depth/abs_rel']
    assert list((tmp_path / 'demo' / 'sheets').glob('*.png'))
    assert ('not installed' in done.stdout) is not INSTALLED
    assert ' of 13 classes have an IoU above 0.1' in done.stdout


def test_without_the_weights_package_it_trains_from_scratch(monkeypatch, capsys):
    monkeypatch.setattr(PackagedWeights, 'is_installed', False)
    config = demo.demo_config({}, from_scratch=False)
    (line,) = capsys.readouterr().out.splitlines()
    assert "pip install 'mmmtl[pretrained]'" in line and 'from scratch' in line
    assert config.model.backbone.pretrained is False
    assert config.optim_wrapper.optimizer.lr == demo.FROM_SCRATCH['optim_wrapper.optimizer.lr']


def test_with_the_package_it_starts_from_it(monkeypatch, capsys):
    monkeypatch.setattr(PackagedWeights, 'is_installed', True)
    assert demo.demo_config({}, from_scratch=False).model.backbone.pretrained is True
    assert demo.demo_config({}, from_scratch=True).model.backbone.pretrained is False
    assert demo.demo_config({'optim_wrapper.optimizer.lr': 0.5}, from_scratch=True).optim_wrapper.optimizer.lr == 0.5
    assert not capsys.readouterr().out


def test_learnt_classes():
    scores = {'semseg/mIoU': 0.3, 'semseg/IoU/wall': 0.9, 'semseg/IoU/bed': 0.05, 'semseg/IoU/tv': float('nan')}
    assert demo.learnt_classes(scores) == '1 of 3 classes have an IoU above 0.1; below: bed 0.05, tv nan'
    assert demo.learnt_classes({'semseg/IoU/wall': 0.9}) == '1 of 1 classes have an IoU above 0.1'


def test_the_stored_row_has_the_primary_metrics_of_the_tasks():
    (scores,) = demo.STORED.values()
    tasks = build_tasks(demo.demo_config({}, from_scratch=True).tasks)
    assert set(scores) == {f'{name}/{task.primary_metric}' for name, task in tasks.items()}
