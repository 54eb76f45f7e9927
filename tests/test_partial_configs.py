"""Configs with partial labels on trees of the official sizes show as many labels as the papers."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from mmmtl.apis import load_config
from mmmtl.configuration.recipes import expand_recipes, recipe_name
from mmmtl.datasets import LabelList
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.registry import DATASETS, MODELS

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs' / 'mtpsl'


def touch(*paths: Path) -> None:
    for folder in {path.parent for path in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        path.touch()


def nyuv2(root: Path) -> Path:
    touch(
        *(
            root / 'train' / kind / f'{number}.npy'
            for number in range(795)
            for kind in ('image', 'label', 'depth', 'normal')
        )
    )
    np.save(root / 'train' / 'image' / '0.npy', np.zeros((288, 384, 3), np.float32))  # the size of one is looked at
    return root


def cityscapes(root: Path) -> Path:
    touch(
        *(root / 'train' / kind / f'{number}.npy' for number in range(2975) for kind in ('image', 'label_7', 'depth'))
    )
    return root


def pascal(root: Path) -> Path:
    names = sorted(set(chain(*LabelList('pascal_onelabel').labelled.values())))
    kinds = {
        'JPEGImages': 'jpg',
        'semseg/VOC12': 'png',
        'human_parts': 'mat',
        'pascal-context/trainval': 'mat',
        'sal_distill': 'png',
        'normals_distill': 'png',
    }
    touch(*(root / kind / f'{name}.{suffix}' for name in names for kind, suffix in kinds.items()))
    (root / 'json').mkdir()
    (root / 'json' / 'nyu_classes.json').write_text('["wall"]')
    (root / 'json' / 'context_classes.json').write_text('{"wall": 10, "tvmonitor": 14}')
    (root / 'ImageSets' / 'Context').mkdir(parents=True)
    (root / 'ImageSets' / 'Context' / 'train.txt').write_text('\n'.join(names))
    return root


# row -> its tree, how many images show each task, how many labels an image shows
EXPECTED: dict[str, tuple[Callable, dict[str, int], dict[int, int]]] = {
    'table_2.py::onelabel_supervised': (nyuv2, dict(semseg=265, depth=265, normal=265), {1: 795}),
    'table_2.py::randomlabels_supervised': (nyuv2, dict(semseg=392, depth=408, normal=385), {1: 405, 2: 390}),
    'table_1.py::onelabel_supervised': (cityscapes, dict(semseg=1487, depth=1488), {1: 2975}),
    'table_4.py::ratio_1_9_supervised': (cityscapes, dict(semseg=298, depth=2677), {1: 2975}),
    'table_4.py::ratio_9_1_supervised': (cityscapes, dict(semseg=2678, depth=297), {1: 2975}),
    'table_3.py::onelabel_supervised': (
        pascal,
        dict(semseg=1000, human_parts=999, saliency=1000, normal=1000, edge=999),
        {1: 4998},
    ),
    'table_3.py::randomlabels_supervised': (
        pascal,
        dict(semseg=2450, human_parts=847, saliency=2445, normal=2480, edge=2557),
        {1: 1538, 2: 1529, 3: 1541, 4: 390},
    ),
}


@pytest.fixture(scope='module')
def trees(tmp_path_factory) -> dict[Callable, Path]:
    return {write: write(tmp_path_factory.mktemp(write.__name__)) for write in (nyuv2, cityscapes, pascal)}


@pytest.mark.parametrize('name', EXPECTED)
def test_the_labels_that_are_shown(name, trees):
    tree, by_task, by_number = EXPECTED[name]
    config = load_config(CONFIGS / name, {'train_dataloader.dataset.root': str(trees[tree])})
    assert config.protocol
    dataset = DATASETS.build(config.train_dataloader.dataset)
    check_every_task_is_shown(dataset)
    assert Counter(chain(*dataset.shown)) == by_task
    assert Counter(map(len, dataset.shown)) == by_number
    assert 'label_setting' not in config.test_dataloader.dataset


METHODS = ('supervised', 'semi', 'perceptual_map', 'direct_map', 'cross_task')
PARTIAL = ('randomlabels', 'onelabel')
# the rows of MTPSL's tables 1-6 but the single-task one, which `single_task.py` derives
TABLES: dict[int, set[str]] = {
    1: {'full', *(f'onelabel_{method}' for method in (*METHODS, 'contrastive', 'discriminator'))},
    2: {'full', *(f'{labels}_{method}' for labels in PARTIAL for method in METHODS)},
    3: {'full', *(f'{labels}_{method}' for labels in PARTIAL for method in ('supervised', 'semi', 'cross_task'))},
    4: {f'ratio_{ratio}_{method}' for ratio in ('1_9', '9_1') for method in METHODS},
    5: {
        'full',
        'mtan',
        'uncertainty',
        'gradnorm',
        'mgda',
        'dwa',
        'perceptual_map',
        'cross_task',
        'cross_task_uncertainty',
    },
    6: {f'{labels}_{method}' for labels in PARTIAL for method in ('supervised', 'no_cond', 'no_reg', 'cross_task')},
}
ROWS = {number: expand_recipes([CONFIGS / f'table_{number}.py']) for number in TABLES}


@pytest.mark.parametrize('table', TABLES)
def test_every_row_of_the_tables_is_here(table):
    assert {row.split('::')[1] for row in ROWS[table]} == TABLES[table]


@pytest.mark.parametrize('table', TABLES)
def test_rows_of_a_table_have_one_protocol(table):
    protocols = {load_config(row).protocol for row in ROWS[table]}
    assert len(protocols) == 1 and None not in protocols


# table -> batch, epochs, FiLM's learning rate where it has its own
PUBLISHED = {
    1: (8, 200, 1e-5),
    2: (2, 200, 1e-3),
    3: (6, 100, None),
    4: (8, 200, 1e-5),
    5: (2, 200, 1e-3),
    6: (2, 200, 1e-3),
}


@pytest.mark.parametrize(
    ('table', 'row'),
    [(table, row) for table, rows in ROWS.items() for row in rows],
    ids=lambda value: recipe_name(value) if isinstance(value, str) else '',
)
def test_the_optimisation_is_the_published_one(table, row):
    config = load_config(row)
    method = re.sub('^(randomlabels|onelabel|ratio_1_9|ratio_9_1)_', '', row.split('::')[1])
    crossed = method.startswith(('cross_task', 'no_cond', 'no_reg'))
    batch, epochs, film = PUBLISHED[table]
    assert (config.train_dataloader.batch_size, config.train_cfg.max_epochs) == (batch, epochs)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type.__name__, optimizer.lr) == ('Adam', 1e-4)
    steps = [(one.get('groups', ['rest']), one.get('step_size'), one.get('gamma')) for one in config.param_scheduler]
    if epochs == 100:
        assert steps == [(['rest'], None, None)] and config.param_scheduler[0].type.__name__ == 'PolyLR'
    elif (crossed or method in ('contrastive', 'discriminator')) and method != 'no_cond':
        assert config.optim_wrapper.paramwise_cfg == {'film': {'keys': ['film'], 'lr': film}}
        assert steps == [(['rest'], 100, 0.5), (['film'], 30, 0.5)]
    else:
        assert steps == [(['rest'], 100, 0.5)] and 'paramwise_cfg' not in config.optim_wrapper
    losses = config.model.get('consistency_losses') or {}
    if crossed:
        loss = losses.cross_task
        assert loss.weight == 2 and loss.get('regularizer', 0.5) == (0 if method == 'no_reg' else 0.5)
        assert loss.get('from_tasks', 'unlabelled') == ('all' if table == 5 else 'unlabelled')
        assert loss.get('space', {}).get('conditioned', True) == (method != 'no_cond')
    assert len(losses) == (
        crossed or method in ('semi', 'perceptual_map', 'direct_map', 'contrastive', 'discriminator')
    )


# config -> millions of parameters (backbone, heads)
ARCHITECTURES = {
    'baseline/conv_segnet_b2_200e_nyuv2_13_full.py': (24.9, 0.1),
    'soft_sharing/segnet.py::mtan_nyuv2_13': (44.1, 0.1),
    'soft_sharing/segnet.py::cross_stitch_nyuv2_13': (74.9, 0.1),
    'baseline/aspp_resnet18_b6_100e_pascal_full.py': (11.2, 20.7),
}


@pytest.mark.parametrize('name', ARCHITECTURES)
def test_the_size_of_the_architectures(name):
    config = load_config(ROOT / 'configs' / name)
    config.model.backbone.pop('pretrained', None)
    model = MODELS.build(config.model)
    found = tuple(
        round(sum(p.numel() for p in part.parameters()) / 1e6, 1) for part in (model.backbone, model.decode_head)
    )
    assert found == ARCHITECTURES[name]
