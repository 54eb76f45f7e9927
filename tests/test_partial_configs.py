"""The partially labelled configs on trees of the official sizes: as many images show each label as in the papers."""

from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from mmmtl.apis import load_config
from mmmtl.apis.label_stats import check_every_task_is_shown
from mmmtl.datasets import LabelTable
from mmmtl.registry import DATASETS, MODELS

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs' / 'mtpsl'


def touch(*paths: Path) -> None:
    for folder in {path.parent for path in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        path.touch()


def nyuv2(root: Path) -> Path:
    touch(*(root / 'train' / kind / f'{number}.npy' for number in range(795)
            for kind in ('image', 'label', 'depth', 'normal')))
    np.save(root / 'train' / 'image' / '0.npy', np.zeros((288, 384, 3), np.float32))  # the size of one is looked at
    return root


def cityscapes(root: Path) -> Path:
    touch(*(root / 'train' / kind / f'{number}.npy' for number in range(2975)
            for kind in ('image', 'label_7', 'depth')))
    return root


def pascal(root: Path) -> Path:
    names = sorted(set(chain(*LabelTable('pascal_onelabel').labelled.values())))
    kinds = {'JPEGImages': 'jpg', 'semseg/VOC12': 'png', 'human_parts': 'mat', 'pascal-context/trainval': 'mat',
             'sal_distill': 'png', 'normals_distill': 'png'}
    touch(*(root / kind / f'{name}.{suffix}' for name in names for kind, suffix in kinds.items()))
    (root / 'json').mkdir()
    (root / 'json' / 'nyu_classes.json').write_text('["wall"]')
    (root / 'json' / 'context_classes.json').write_text('{"wall": 10, "tvmonitor": 14}')
    (root / 'ImageSets' / 'Context').mkdir(parents=True)
    (root / 'ImageSets' / 'Context' / 'train.txt').write_text('\n'.join(names))
    return root


# config -> its tree, how many images show each task, how many labels an image shows
EXPECTED: dict[str, tuple[Callable, dict[str, int], dict[int, int]]] = {
    'supervised_segnet_b2_200e_nyuv2-13_onelabel': (
        nyuv2, dict(semseg=265, depth=265, normal=265), {1: 795}),
    'supervised_segnet_b2_200e_nyuv2-13_randomlabels': (
        nyuv2, dict(semseg=392, depth=408, normal=385), {1: 405, 2: 390}),
    'supervised_segnet_b8_200e_cityscapes-7_onelabel': (cityscapes, dict(semseg=1487, depth=1488), {1: 2975}),
    'supervised_segnet_b8_200e_cityscapes-7_ratio-1-9': (cityscapes, dict(semseg=298, depth=2677), {1: 2975}),
    'supervised_segnet_b8_200e_cityscapes-7_ratio-9-1': (cityscapes, dict(semseg=2678, depth=297), {1: 2975}),
    'supervised_resnet18_b6_100e_pascal_onelabel': (
        pascal, dict(semseg=1000, human_parts=999, saliency=1000, normal=1000, edge=999), {1: 4998}),
    'supervised_resnet18_b6_100e_pascal_randomlabels': (
        pascal, dict(semseg=2450, human_parts=847, saliency=2445, normal=2480, edge=2557),
        {1: 1538, 2: 1529, 3: 1541, 4: 390}),
}


@pytest.fixture(scope='module')
def trees(tmp_path_factory) -> dict[Callable, Path]:
    return {write: write(tmp_path_factory.mktemp(write.__name__)) for write in (nyuv2, cityscapes, pascal)}


@pytest.mark.parametrize('name', EXPECTED)
def test_the_labels_that_are_shown(name, trees):
    tree, by_task, by_number = EXPECTED[name]
    config = load_config(CONFIGS / f'{name}.py', {'train_dataloader.dataset.root': str(trees[tree])})
    assert config.protocol
    dataset = DATASETS.build(config.train_dataloader.dataset)
    check_every_task_is_shown(dataset)
    assert Counter(chain(*dataset.shown)) == by_task
    assert Counter(map(len, dataset.shown)) == by_number
    assert 'label_setting' not in config.test_dataloader.dataset


def test_every_supervised_config_is_here():
    assert {path.stem for path in CONFIGS.glob('supervised_*.py') if 'rooms' not in path.stem} == set(EXPECTED)


METHODS = ('supervised', 'semi', 'perceptual-map', 'direct-map', 'cross-task')
ABLATED = ('supervised', 'cross-task-no-cond', 'cross-task-no-reg', 'cross-task')
NYUV2, CITYSCAPES, PASCAL = 'segnet_b2_200e_nyuv2-13', 'segnet_b8_200e_cityscapes-7', 'resnet18_b6_100e_pascal'
# the rows of MTPSL's tables 1-6 but the single-task one, which `single_task.py` derives
TABLES: dict[int, list[str]] = {
    1: [f'baseline/conv_{CITYSCAPES}_full',
        *(f'mtpsl/{method}_{CITYSCAPES}_onelabel' for method in (*METHODS, 'contrastive', 'discriminator'))],
    2: [f'baseline/conv_{NYUV2}_full',
        *(f'mtpsl/{method}_{NYUV2}_{labels}' for labels in ('randomlabels', 'onelabel') for method in METHODS)],
    3: [f'baseline/aspp_{PASCAL}_full', *(f'mtpsl/{method}_{PASCAL}_{labels}' for labels in (
        'randomlabels', 'onelabel') for method in ('supervised', 'semi', 'cross-task'))],
    4: [f'mtpsl/{method}_{CITYSCAPES}_{labels}' for labels in ('ratio-1-9', 'ratio-9-1') for method in METHODS],
    5: [f'baseline/conv_{NYUV2}_full', f'mtan/conv_mtan-{NYUV2}_full',
        *(f'weighting/{method}_{NYUV2}_full' for method in ('uncertainty', 'gradnorm', 'mgda', 'dwa')),
        *(f'mtpsl/{method}_{NYUV2}_full' for method in ('perceptual-map', 'cross-task', 'cross-task-uncertainty'))],
    6: [f'mtpsl/{method}_{NYUV2}_{labels}' for labels in ('randomlabels', 'onelabel') for method in ABLATED],
}


def test_every_row_of_the_tables_is_here():
    rows = set(chain(*TABLES.values()))
    missing = [row for row in rows if not (CONFIGS.parent / f'{row}.py').is_file()]
    assert not missing
    assert {path.stem for path in CONFIGS.glob('*.py') if 'rooms' not in path.stem} == {
        Path(row).name for row in rows if row.startswith('mtpsl/')}


@pytest.mark.parametrize('table', TABLES)
def test_rows_of_a_table_have_one_protocol(table):
    protocols = {load_config(CONFIGS.parent / f'{row}.py').protocol for row in TABLES[table]}
    assert len(protocols) == 1 and None not in protocols


# part of the name -> batch, epochs, FiLM's learning rate where it has its own
PUBLISHED = {'_nyuv2-13_': (2, 200, 1e-3), '_cityscapes-7_': (8, 200, 1e-5), '_pascal_': (6, 100, None)}


@pytest.mark.parametrize('name', sorted(path.stem for path in CONFIGS.glob('*.py') if 'rooms' not in path.stem))
def test_the_optimisation_is_the_published_one(name):
    config = load_config(CONFIGS / f'{name}.py')
    batch, epochs, film = next(recipe for part, recipe in PUBLISHED.items() if part in name)
    assert (config.train_dataloader.batch_size, config.train_cfg.max_epochs) == (batch, epochs)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type.__name__, optimizer.lr) == ('Adam', 1e-4)
    steps = [(one.get('groups', ['rest']), one.get('step_size'), one.get('gamma')) for one in config.param_scheduler]
    if epochs == 100:
        assert steps == [(['rest'], None, None)] and config.param_scheduler[0].type.__name__ == 'PolyLR'
    elif name.startswith(('cross-task', 'contrastive', 'discriminator')) and 'no-cond' not in name:
        assert config.optim_wrapper.paramwise_cfg == {'film': {'keys': ['film'], 'lr': film}}
        assert steps == [(['rest'], 100, 0.5), (['film'], 30, 0.5)]
    else:
        assert steps == [(['rest'], 100, 0.5)] and 'paramwise_cfg' not in config.optim_wrapper
    losses = config.model.get('consistency_losses') or {}
    if name.startswith('cross-task'):
        loss = losses.cross_task
        assert loss.weight == 2 and loss.get('regularizer', 0.5) == (0 if 'no-reg' in name else 0.5)
        assert loss.get('sources', 'unlabelled') == ('all' if name.endswith('_full') else 'unlabelled')
        assert loss.get('space', {}).get('conditioned', True) == ('no-cond' not in name)
    assert len(losses) == (not name.startswith('supervised'))


# config -> millions of parameters (backbone, heads)
ARCHITECTURES = {
    'baseline/conv_segnet_b2_200e_nyuv2-13_full': (24.9, 0.1),
    'mtan/conv_mtan-segnet_b2_200e_nyuv2-13_full': (44.1, 0.1),
    'cross_stitch/conv_cross-stitch-segnet_b2_200e_nyuv2-13_full': (74.9, 0.1),
    'baseline/aspp_resnet18_b6_100e_pascal_full': (11.2, 20.7),
}


@pytest.mark.parametrize('name', ARCHITECTURES)
def test_the_size_of_the_architectures(name):
    config = load_config(ROOT / 'configs' / f'{name}.py')
    config.model.backbone.pop('pretrained', None)
    model = MODELS.build(config.model)
    found = tuple(round(sum(p.numel() for p in part.parameters()) / 1e6, 1)
                  for part in (model.backbone, model.decode_head))
    assert found == ARCHITECTURES[name]
