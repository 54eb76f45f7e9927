"""PASCAL-Context's five tasks from the official tree."""

import json
import shutil

import numpy as np
import pytest
from official_trees import CONTEXT, PASCAL_SIZE, context_map, person, thing, write_mat, write_parts, write_pascal
from PIL import Image

from mmmtl.datasets import PascalContext
from mmmtl.datasets.benchmarks.pascal_context import valid_normal_classes
from mmmtl.datasets.label_readers.pascal_labels import PART_CLASS, HumanPartsFile
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Edge, HumanParts, Normal, Saliency, SemSeg

TASKS = {
    'semseg': SemSeg('semseg', classes=PascalContext.CLASSES),
    'normal': Normal('normal'),
    'human_parts': HumanParts('human_parts'),
    'saliency': Saliency('saliency'),
    'edge': Edge('edge'),
}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_pascal(tmp_path_factory.mktemp('pascal'))


@pytest.fixture
def copy(root, tmp_path):
    return shutil.copytree(root, tmp_path / 'set')


def build(root, split='train', partial=True, tasks=TASKS, **options) -> PascalContext:
    pipeline = [dict(type=LoadViews), dict(type=PackViews)]
    return PascalContext(root=str(root), split=split, partial=partial, tasks=tasks, pipeline=pipeline, **options)


def labels(dataset: PascalContext, number: int = 0) -> dict[str, np.ndarray]:
    return {
        name: value.numpy().squeeze(0) if len(value) == 1 else value.numpy().transpose(1, 2, 0)
        for name, value in dataset[number]['data_samples'][0].gt.items()
    }


def test_every_task_is_decoded(root):
    dataset = build(root)
    assert [record.name for record in dataset.records] == ['2008_train_0', '2008_train_1']
    found = labels(dataset)
    picture = {
        name: np.array(Image.open(root / name / '2008_train_0.png'))
        for name in ('semseg/VOC12', 'sal_distill', 'normals_distill')
    }
    np.testing.assert_array_equal(found['semseg'], picture['semseg/VOC12'])
    np.testing.assert_array_equal(found['saliency'], picture['sal_distill'] > 127.5)
    valid = np.isin(context_map(), [CONTEXT[name] for name in ('wall', 'floor', 'tvmonitor')])
    np.testing.assert_allclose(found['normal'][valid], picture['normals_distill'][valid] / 127.5 - 1, atol=0.01)
    assert not found['normal'][~valid].any() and valid.mean() == 3 / 7
    edge_columns = set(np.nonzero(found['edge'][2:-2])[1].tolist())
    assert len(edge_columns) == 6 and all(min(column % 8, -column % 8) <= 1 for column in edge_columns)


def test_later_parts_lie_over_earlier_ones(root):
    parts = labels(build(root))['human_parts']
    names = ('background', *('head',) * 10, *('torso',) * 10, 'background', 'lower leg')
    rows = (21, *range(20), 25, 31)
    assert [PascalContext.PARTS[parts[row, 25]] for row in rows] == list(names)
    assert not parts[:, :20].any() and not parts[:, 30:].any()


def test_24_parts_become_6():
    assert len(PART_CLASS) == 24 and set(PART_CLASS.values()) == set(range(1, 7))
    names = ('uarm', 'larm', 'uleg', 'lleg', 'foot', 'eye')
    pairs = {(PART_CLASS[f'l{name}'], PART_CLASS[f'r{name}']) for name in names}
    assert all(left == right for left, right in pairs)


def test_voc_labels_are_preferred_and_context_labels_are_the_fallback(root):
    found = labels(build(root), 1)['semseg']
    picture = Image.open(root / 'semseg' / 'pascal-context' / '2008_train_1.png')
    np.testing.assert_array_equal(found, np.array(picture))
    assert (found[0] == 255).all()


def test_an_image_without_persons_is_void_in_parts(root, copy):
    assert (labels(build(root), 1)['human_parts'] == 255).all()
    cache = copy / 'ImageSets' / 'Parts' / 'train.txt'
    cache.parent.mkdir()
    cache.write_text(json.dumps({'2008_train_0': [12, 15], '2008_train_1': [12, -1]}))
    assert [('human_parts' in record.label_names()) for record in build(copy).records] == [True, False]


def test_a_cache_of_another_split_is_refused(copy, data_error):
    cache = copy / 'ImageSets' / 'Parts' / 'train.txt'
    cache.parent.mkdir()
    cache.write_text('{"2008_val_0": [15]}')
    with data_error(cache, 'has no entry for 2008_train_0'):
        build(copy)
    cache.write_text('2008_train_0')
    with data_error(cache, 'cannot be read as JSON'):
        build(copy)


@pytest.mark.parametrize(
    ('objects', 'filled'),
    [
        ([thing('person', 15, {})], False),  # a person without annotated parts
        ([person(), person()], True),
        ([thing('dog', 12, {'head': np.s_[0:5, 0:5]})], False),  # a dog's head is not a person's
    ],
)
def test_one_or_several_objects(tmp_path, objects, filled):
    path = tmp_path / 'a.mat'
    write_parts(path, objects)
    parts = HumanPartsFile(path).load(TASKS['human_parts'])
    assert parts.shape == PASCAL_SIZE and set(np.unique(parts)) == ({0, 1, 2, 6} if filled else {255})


def test_only_the_files_of_the_tasks_are_required(copy):
    for folder in ('sal_distill', 'normals_distill', 'pascal-context', 'human_parts', 'json'):
        shutil.rmtree(copy / folder)
    dataset = type('Two', (PascalContext,), {'COUNTS': {'train': 2}})(
        root=str(copy), split='train', tasks={'semseg': TASKS['semseg']}, pipeline=[dict(type=LoadViews)]
    )
    assert len(dataset) == 2


def test_all_files_of_a_label_are_named(root):
    record = build(root).records[0]
    names = {path.relative_to(root).parts[0] for path in record.files(['normal'])}
    assert names == {'JPEGImages', 'normals_distill', 'pascal-context'}


def test_missing_files_are_errors_or_left_out(copy, data_error):
    with data_error(copy / 'ImageSets', 'has 4998'):
        build(copy, partial=False)
    with data_error(copy / 'ImageSets', 'has 5105'):
        build(copy, 'val', partial=False)
    (copy / 'sal_distill' / '2008_train_0.png').unlink()
    (copy / 'JPEGImages' / '2008_train_1.jpg').unlink()
    (record,) = build(copy).records
    assert record.label_names() == set(TASKS) - {'saliency'}


def test_damaged_files_are_errors_that_name_the_file(copy, data_error):
    dataset = build(copy)
    label_map, parts = (copy / folder / '2008_train_0.mat' for folder in ('pascal-context/trainval', 'human_parts'))
    kept = label_map.read_bytes()
    label_map.write_bytes(kept[:100])
    with data_error(label_map, 'cannot be read as a MATLAB 5 file'):
        dataset[0]
    write_mat(label_map, Labels=context_map())
    with data_error(label_map, 'expected integers H x W in LabelMap, found NoneType'):
        dataset[0]
    write_mat(label_map, LabelMap=context_map()[:-1])
    with data_error(label_map, '39 x 56'):
        dataset[0]
    label_map.write_bytes(kept)
    write_parts(parts, [thing('person', 15, {'wing': np.s_[0:3, 0:3]})])
    with data_error(parts, "'wing' is not one of the 24 parts"):
        dataset[0]
    write_mat(parts, anno=3)
    with data_error(parts, 'anno.objects'):
        dataset[0]
    shutil.copy(label_map, parts)
    with data_error(parts, 'anno.objects'):
        dataset[0]
    parts.unlink()
    with data_error(parts, 'no such file'):
        dataset[0]


def test_names_of_classes_that_both_know(copy, data_error):
    assert valid_normal_classes(copy / 'json') == (10, 11, 14)
    (copy / 'json' / 'nyu_classes.json').write_text('{"wall": 1, "sky": 2}')
    assert valid_normal_classes(copy / 'json') == (10, 13, 14)
    (copy / 'json' / 'context_classes.json').write_text('{"wall": 10}')
    with data_error(copy / 'json' / 'context_classes.json', 'tvmonitor'):
        valid_normal_classes(copy / 'json')
    (copy / 'json' / 'nyu_classes.json').write_text('7')
    with data_error(copy / 'json' / 'nyu_classes.json', 'expected dict or list, found int'):
        valid_normal_classes(copy / 'json')
