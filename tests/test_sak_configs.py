"""SAK's recipes: both stages on a few rooms, resuming with noise, the second stage from the first, and ImageNet."""

import uuid
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import load_plain
from mmmtl.registry import DATASETS

TABLE = Path(__file__).parents[1] / 'configs' / 'decoders' / 'sak.py'
SMALL = {
    'train_dataloader.dataset.scenes': 4,
    'train_dataloader.dataset.size': (32, 48),
    'train_dataloader.batch_size': 4,
    'train_dataloader.num_workers': 0,
    'val_cfg': None,
    'val_dataloader': None,
    'val_evaluator': None,
    'model.backbone.vit': dict(model_name='test_vit', out_indices=(1, 2, 4, 5), img_size=(32, 48)),
    'default_hooks.checkpoint.interval': 1,
    'param_scheduler': None,
    'default_hooks.logger.interval': 1,
}


class Losses(Hook):
    """Keeps the losses of every step."""

    def __init__(self) -> None:
        self.logs: list[dict[str, float]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.logs.append({name: float(value) for name, value in outputs.items()})


def train(row: str, work_dir: Path, steps: int, **options) -> tuple[MultiTaskRunner, list[dict[str, float]]]:
    """Train up to step ``steps``; resume if the folder has a checkpoint."""
    changed = SMALL | {key.replace('__', '.'): value for key, value in options.items()}
    config = load_config(f'{TABLE}::{row}', changed | {'train_cfg.max_iters': steps})
    config.work_dir, config.experiment_name = str(work_dir), f'sak {uuid.uuid4()}'
    config.resume = (work_dir / 'last_checkpoint').exists()
    runner, losses = MultiTaskRunner.from_cfg(config), Losses()
    runner.register_hook(losses)
    runner.train()
    return runner, losses.logs


@pytest.fixture(scope='module')
def first_stage(tmp_path_factory) -> tuple[Path, list[dict[str, float]]]:
    folder = tmp_path_factory.mktemp('stage_1')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMMTL_CACHE', str(folder / 'rooms'))
        _, logs = train('rooms_stage_1', folder, 8)
    return folder / 'iter_8.pth', logs


@pytest.mark.slow
def test_the_first_stage_learns_from_the_teacher_alone(first_stage):
    file, logs = first_stage
    assert logs[-1]['distillation'] < 0.9 * logs[0]['distillation']
    assert all(log[task] == 0 for log in logs for task in ('semseg', 'depth', 'normal'))
    assert all(log['loss'] == pytest.approx(log['distillation']) for log in logs)
    keys = load_plain(file)['state_dict']
    assert any('adapters' in key for key in keys) and not any('mixtures' in key or 'teacher' in key for key in keys)


@pytest.mark.slow
def test_the_second_stage_continues_from_the_first_and_learns_the_tasks(first_stage, tmp_path, rooms_cache):
    file, logs = first_stage
    options = dict(type='Pretrained', checkpoint=str(file), prefix='backbone.')
    _, second = train('rooms', tmp_path, 12, model__backbone__init_cfg=options)
    assert second[0]['distillation'] < 0.95 * logs[0]['distillation']  # it did not start from scratch
    assert second[-1]['loss'] < second[0]['loss'] and all(second[0][task] > 0 for task in ('semseg', 'depth', 'normal'))
    with pytest.raises(CheckpointError, match='none.pth'):
        train('rooms', tmp_path / 'none', 1, model__backbone__init_cfg=options | dict(checkpoint='none.pth'))


@pytest.mark.slow
def test_a_resumed_run_has_the_same_noise(tmp_path, rooms_cache):
    """The parameters after four steps are equal if the last two are resumed."""
    whole, _ = train('rooms', tmp_path / 'whole', 4)
    train('rooms', tmp_path / 'resumed', 2)
    torch.manual_seed(99)
    resumed, _ = train('rooms', tmp_path / 'resumed', 4)
    assert resumed.iter == whole.iter == 4
    expected = whole.model.state_dict()
    for key, value in resumed.model.state_dict().items():
        assert torch.equal(value, expected[key]), key


@pytest.mark.check
def test_maps_from_the_cache_train_alike(first_stage, tmp_path, rooms_cache):
    """The pipeline flips at random; after two steps, all maps are read."""
    plain = first_stage[1][:4]
    cache = {'model__consistency_losses__distillation__cache': str(tmp_path / 'maps')}
    _, cached = train('rooms_stage_1', tmp_path / 'cached', 4, **cache)
    for one, other in zip(cached, plain, strict=True):
        assert one == pytest.approx(other, rel=1e-5)
    assert len(list((tmp_path / 'maps').glob('*/*.pth'))) == 8


def test_lora_leaves_the_encoder_as_it_is(tmp_path, rooms_cache):
    small = {key: value for key, value in SMALL.items() if not key.startswith('model')}
    config = load_config(f'{TABLE}::rooms_lora', small)
    config.work_dir, config.experiment_name = str(tmp_path), f'lora {uuid.uuid4()}'
    config.train_cfg.max_iters = 2
    runner = MultiTaskRunner.from_cfg(config)
    runner.train()
    frozen, learned = ({}, {})
    for name, parameter in runner.model.backbone.named_parameters():
        (learned if parameter.requires_grad else frozen)[name] = parameter
    start = load_plain(tmp_path / 'iter_2.pth')['optimizer']
    assert len(start['state']) == len(learned) + len(list(runner.model.decode_head.parameters()))
    assert {name.split('.')[0] for name in learned} == {'tuned'}
    assert sum(p.numel() for p in learned.values()) < 0.1 * sum(p.numel() for p in frozen.values())
    assert all(p.grad is None for p in frozen.values())


def test_the_images_of_the_first_stage(tmp_path, monkeypatch):
    monkeypatch.setenv('MMMTL_DATA', str(tmp_path))
    for index, shape in enumerate([(50, 70), (400, 500)]):
        path = tmp_path / 'imagenet' / 'train' / f'n0{index}' / f'{index}.jpg'
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), np.full((*shape, 3), 99, np.uint8))
    config = load_config(f'{TABLE}::imagenet_stage_1')
    dataset = DATASETS.build(config.train_dataloader.dataset)
    assert [tuple(dataset[index]['inputs'][0].shape) for index in range(2)] == [(3, 384, 384)] * 2
    assert config.param_scheduler[1].end == config.train_cfg.max_iters == 300_270
