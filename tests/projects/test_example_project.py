"""The project outside of mmmtl: its labels are exact, and the unmodified tools train and test it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmmtl.apis import init_model, load_config
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / 'projects' / 'example_project'
(CONFIG,) = (PROJECT / 'configs').glob('*.py')


@pytest.fixture(scope='module')
def project():
    """The package, importable as with PYTHONPATH."""
    sys.path.insert(0, str(PROJECT))
    import example_project

    yield example_project
    sys.path.remove(str(PROJECT))


@pytest.fixture
def rooms(project, tmp_path):
    config = load_config(
        CONFIG,
        {
            f'val_dataloader.dataset.{key}': value
            for key, value in (('scenes', 3), ('size', (48, 64)), ('cache', str(tmp_path)))
        },
    )
    config.tasks.semseg = dict(type='mmmtl.SemSeg', classes=project.RoomsWithHeight.CLASSES)
    return DATASETS.build({**config.val_dataloader.dataset, 'tasks': config.tasks})


def test_height_is_exact(rooms):
    """The floor lies at 0 with rugs of 8 mm on it, nothing below, the ceiling in one plane above the camera."""
    floor, ceiling = rooms.CLASSES.index('floor'), rooms.CLASSES.index('ceiling')
    seen = set()
    for index in range(len(rooms)):
        (sample,) = rooms[index]['data_samples']
        height, classes = sample.gt.height, sample.gt.semseg
        camera_height = torch.linalg.inv(sample.camera_T_world)[2, 3]
        assert 0 <= height.min() and height.max() < 5
        if (classes == floor).any():
            assert height[classes == floor].median() < 1e-5 and height[classes == floor].max() < 0.0081
        if (classes == ceiling).any():
            overhead = height[classes == ceiling]
            assert overhead.min() > camera_height and overhead.max() - overhead.min() < 1e-4
        assert (height[(classes != floor) & (classes != ceiling)] > 0.01).float().mean() > 0.95
        seen |= set(classes.unique().tolist())
    assert {floor, ceiling} <= seen


def test_height_keeps_void_and_follows_a_zoom(project):
    task = project.Height('height')
    label = np.array([[-1, 0, 3]], np.float32)
    np.testing.assert_allclose(task.zoom(label, 1.5), [[-1, 0, 2]])
    np.testing.assert_array_equal(task.hflip(label), label)
    target = torch.from_numpy(label)[None]
    assert task.valid(target).tolist() == [[False, True, True]]
    picture = task.visualize(label)
    assert not picture[0, 0].any() and picture[0, 1:].any(-1).all()


def test_height_error_and_scores_against_sums_by_hand(project):
    task = project.Height('height', loss=dict(type='L1'))
    logits = torch.tensor([[[[5.0, 0.0, 1.0]]], [[[0.0, 0.0, 0.0]]]], requires_grad=True)
    target = torch.tensor([[[[-1.0, 0.5, 2.0]]], [[[-1.0, -1.0, -1.0]]]])
    total, count = task.error(logits, target)
    expected = abs(np.log(2) - 0.5) + abs(np.log1p(np.exp(1)) - 2)
    assert total.tolist() == pytest.approx([expected, 0]) and count.tolist() == [2, 0]
    total.sum().backward()
    assert logits.grad[0, 0, 0, 0] == 0 and (logits.grad[0, 0, 0, 1:] != 0).all() and not logits.grad[1].any()
    scores = task.compute_metrics(task.metric_sums(task.predict(logits.detach()), target))
    assert scores == pytest.approx({'abs': expected / 2, 'within_25cm': 0.5})
    nothing = task.compute_metrics(task.metric_sums(task.predict(logits.detach()), torch.full_like(target, -1)))
    assert all(np.isnan(value) for value in nothing.values())


def test_without_the_package_the_error_has_instructions(monkeypatch, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.read_text().replace("['example_project']", "['no_such_project']"))
    with pytest.raises(ConfigError, match="custom_imports: No module named 'no_such_project'; .* PYTHONPATH"):
        load_config(config)
    config.write_text(CONFIG.read_text().replace("dict(imports=['example_project'])", "dict(imports={'a'})"))
    with pytest.raises(ConfigError, match=r"custom_imports: expected dict\(imports=\['a.b'\]\)"):
        load_config(config)


@pytest.mark.parametrize(
    'text',
    [
        # names in strings, in a config that has imports of its own
        """from mmengine.config import read_base
from mmmtl.models import MultiTaskModel
with read_base():
    from .base import *
custom_imports = dict(imports=['example_project'])
model.update(type=MultiTaskModel, decode_head=dict(type='mmmtl.SumHead', channels=8))
""",
        # real classes
        """from example_project import Height, SumHead
from mmengine.config import read_base
with read_base():
    from .base import *
tasks.update(height=dict(type=Height, highest=2.0))
model.update(decode_head=dict(type=SumHead, channels=8))
""",
    ],
)
def test_both_forms_of_config_find_the_project(project, tmp_path, text):
    (tmp_path / 'base.py').write_text(CONFIG.read_text())
    (tmp_path / 'child.py').write_text(text)
    model = init_model(load_config(tmp_path / 'child.py'))
    assert type(model.decode_head) is project.SumHead
    assert model.decode_head.outputs['height'].weight.shape == (1, 8, 1, 1)
    assert isinstance(model.tasks['height'], project.Height)


def run_tool(name: str, *arguments: str, cache: Path) -> str:
    path = os.pathsep.join([str(PROJECT), str(ROOT)])
    environment = os.environ | {'PYTHONPATH': path, 'MMMTL_CACHE': str(cache), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / name), str(CONFIG), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        cwd=cache.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_tools_train_and_test_it(tmp_path):
    tiny = [
        '--cfg-options',
        *(
            f'{split}_dataloader.dataset.{option}'
            for split in ('train', 'val', 'test')
            for option in ('scenes=2', 'size=(48,64)')
        ),
        'train_cfg.max_epochs=1',
    ]
    work_dir, cache = tmp_path / 'work', tmp_path / 'cache'
    run_tool('train.py', '--work-dir', str(work_dir), *tiny, cache=cache)
    said = run_tool(
        'test.py',
        str(work_dir / 'epoch_1.pth'),
        '--work-dir',
        str(work_dir),
        '--show-dir',
        str(tmp_path / 'sheets'),
        *tiny,
        cache=cache,
    )
    assert 'depth abs_rel ↓ | height abs ↓' in said
    (scores,) = json.loads((work_dir / 'metrics.json').read_text())['scores'].values()
    assert 0 < scores['height/abs'] < 5 and 0 <= scores['height/within_25cm'] <= 1 and scores['depth/abs_rel'] > 0
    assert len(list((tmp_path / 'sheets').glob('*.png'))) == 8
