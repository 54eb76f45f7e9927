"""Two checkouts that train alike, and one in which a loss has been changed."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'compare_revisions.py'
RECIPE = 'baseline/aspp_resnet18_b8_2e_rooms_full'
first_difference = runpy.run_path(str(TOOL))['first_difference']


def test_the_first_difference_is_found_bit_for_bit():
    values = {'a': torch.tensor([1.0, torch.nan]), 'b': torch.tensor([0.0])}
    assert first_difference(values, {name: value.clone() for name, value in values.items()}) is None
    assert 'b differs by up to 0, from 0 ... to -0' in first_difference(values, values | {'b': torch.tensor([-0.0])})
    assert 'a is (2,) torch.float32, then (2,) torch.float64' in first_difference(
        values, {name: value.double() for name, value in values.items()}
    )
    assert first_difference(values, {'a': values['a']}) == 'b is only there at the old revision'
    assert first_difference({'a': values['a']}, values) == 'b is only there at the new revision'
    assert first_difference(values, values | {'step 1: loss count/depth': torch.ones(1)}) is None
    assert 'only there at the old' in first_difference(values | {'step 1: loss depth': torch.ones(1)}, values)


@pytest.mark.check
def test_a_changed_loss_is_named(tmp_path):
    changed = tmp_path / 'changed'
    for folder in ('mmmtl', 'configs'):
        shutil.copytree(ROOT / folder, changed / folder, ignore=shutil.ignore_patterns('__pycache__'))
    reduction = changed / 'mmmtl' / 'models' / 'loss_reduction.py'
    text = reduction.read_text()
    reduction.write_text(text.replace('.sum() / divisor', '.sum() / (divisor + 0.001)'))
    assert reduction.read_text() != text
    done = subprocess.run(
        [sys.executable, TOOL, ROOT, changed, '--recipe', RECIPE, '--steps', '1'],
        capture_output=True,
        text=True,
        timeout=400,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(f'{RECIPE}: step 1: loss semseg differs by up to ')  # and no image before it
