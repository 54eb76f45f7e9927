"""Pseudo-MTL's configs: the rows of its tables, and a batch of pairs of miniature KITTI through loader and model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from miniature_driving import DATE, DRIVE, write_cityscapes, write_kitti
from PIL import Image

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.registry import DATASETS, MODELS

CONFIGS = Path(__file__).parents[1] / 'configs' / 'pseudo_mtl'
SIZE = 64, 128
ROWS = (
    'baseline',
    'own_lr',
    'own_sides',
    'own_all',
    'pseudo_lr',
    'pseudo_sides',
    'pseudo_all',
    'confidence',
    'confidence_lr',
    'confidence_sides',
    'confidence_all',
    'confidence_depth',
    'full',
)
RIVALS = {'deep': 50.7, 'wide': 43.8, 'cross_stitch': 49.9, 'mtan': 41.1, 'dense': 90.5}
TABLES = {'kitti': CONFIGS / 'table_4.py', 'cityscapes': CONFIGS / 'table_5.py'}


@pytest.mark.parametrize('data', ['kitti', 'cityscapes'])
def test_the_rows_of_the_ablation(data):
    assert [name.split('::')[1] for name in expand_recipes([TABLES[data]])] == list(ROWS)
    for row in ROWS:
        losses = load_config(f'{TABLES[data]}::{row}').model.consistency_losses
        confident = row.startswith('confidence') or row == 'full'
        assert all(loss.get('confidence', 'soft') == ('soft' if confident else 'off') for loss in losses.values()), row
        assert ('classes' in losses) == (row.split('_')[-1] in ('lr', 'sides', 'all', 'full')), row
        assert ('depths' in losses) == (row in ('confidence_depth', 'full')), row
        if 'classes' in losses:
            classes = losses['classes']
            assert classes.get('warp_by', 'pseudo') == ('own' if row.startswith('own') else 'pseudo')
            assert bool(classes.get('lr', 1)) == (not row.endswith('sides'))
            assert bool(classes.get('left', 1)) == bool(classes.get('right', 1)) == (not row.endswith('lr'))


def test_the_rows_of_the_comparison():
    """Table 3: MTAN's networks on the data of the baseline, with its losses; millions of parameters of the backbone."""
    ours = load_config(CONFIGS / 'baseline_vgg16_b4_20e_cityscapes_stereo_pseudo.py')
    for name, millions in RIVALS.items():
        config = load_config(CONFIGS / f'table_3.py::{name}')
        for key in ('tasks', 'protocol', 'train_dataloader', 'test_dataloader', 'test_evaluator'):
            assert config[key] == ours[key], (name, key)
        assert config.model.consistency_losses == ours.model.consistency_losses
        assert config.model.loss_weighting == ours.model.loss_weighting
        with torch.device('meta'):
            model = MODELS.build(config.model)
            maps = model(torch.zeros(2, 3, 96, 256))
        assert {task: tuple(x.shape) for task, x in maps.items()} == {
            'semseg': (2, 7, 96, 256),
            'depth': (2, 1, 96, 256),
        }
        assert round(sum(p.numel() for p in model.backbone.parameters()) / 1e6, 1) == millions, name


def test_the_size_of_the_published_network():
    with torch.device('meta'):
        model = MODELS.build(load_config(CONFIGS / 'table_5.py::full', {'model.backbone.pretrained': False}).model)
    assert round(sum(p.numel() for p in model.backbone.parameters()) / 1e6, 1) == 14.7


@pytest.mark.parametrize('data', ['kitti', 'cityscapes'])
@pytest.mark.parametrize(
    ('stage', 'terms'),
    [('depth', ('regression',)), ('classes', ('semseg',)), ('full', ('semseg', 'regression', 'classes', 'depths'))],
)
def test_one_step_on_miniature_pairs(data, stage, terms, tmp_path, monkeypatch):
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'cache'))
    frames = tmp_path / 'frames.txt'
    frames.write_text(f'{DATE}/{DRIVE} 5 l\n{DATE}/{DRIVE} 6 r\n')
    write = {'kitti': write_kitti, 'cityscapes': write_cityscapes}[data]
    size = SIZE if data == 'kitti' else (768, 2048)
    root = write(tmp_path / data, size=size) if data == 'kitti' else write(tmp_path / data, images=2, size=size)
    options = {
        'train_dataloader.num_workers': 0,
        'train_dataloader.batch_size': 2,
        'protocol': None,
        'train_dataloader.dataset.root': str(root),
        'train_dataloader.dataset.partial': True,
    }
    if data == 'kitti':
        options['train_dataloader.dataset.frames'] = str(frames)
    recipe = f'{TABLES[data]}::full' if stage == 'full' else CONFIGS / f'pretrain.py::{data}_{stage}'
    config = load_config(recipe, options)
    inner = config.model.backbone.get('backbone', config.model.backbone)
    inner.pop('pretrained')
    inner.model_name = 'test_convnext'
    folder = tmp_path / 'cache' / 'pseudo' / data / 'train'
    rng = np.random.default_rng(0)
    for record in DATASETS.build(config.train_dataloader.dataset).records:
        (folder / record.name).mkdir(parents=True)
        for view in (0, 1):
            for name, picture in (
                ('disparity', rng.integers(1, 40 * 256, size).astype(np.uint16)),
                ('confidence', np.full(size, 60000, np.uint16)),
                ('semseg', rng.integers(0, 7, size).astype(np.uint8)),
            ):
                Image.fromarray(picture).save(folder / record.name / f'{view}_{name}.png')
    batch = next(iter(MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)))
    assert all(('semseg' in sample.gt) == ('semseg' in terms) and sample.rectified for sample in batch['data_samples'])
    assert not any('depth' in sample.gt for sample in batch['data_samples'])
    model = MODELS.build(config.model)
    losses = model(**model.data_preprocessor(batch), mode='loss')
    losses['loss'].backward()
    assert {name for name, value in losses.items() if value > 0} == {*terms, 'loss'}  # the true depth is hidden
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
