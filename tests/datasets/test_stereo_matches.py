"""Which matches are right, the label setting by task, and folders of pseudo labels."""

import json
from pathlib import Path

import numpy as np
import pytest
from miniature_driving import write_cityscapes
from PIL import Image

from mmmtl.datasets import Cityscapes, CityscapesMTAN, HoldOutSplit, OnlyLabels, StereoMatches
from mmmtl.datasets.label_readers.pseudo_disparity import (
    encode_confidence,
    encode_disparity,
    read_confidence,
    read_pseudo_disparity,
)
from mmmtl.datasets.label_readers.pseudo_labels import prepare_folder
from mmmtl.datasets.transforms import DisparityImage, LoadPseudoLabels, LoadViews, PackViews, RectifiedPair
from mmmtl.errors import ConfigError
from mmmtl.tasks import Confidence, Depth, SemSeg


def test_disparities_survive_the_image_format(tmp_path):
    disparity = np.array([[0.25, 17.125, np.nan], [255.9, 256, -3]], np.float32)
    Image.fromarray(encode_disparity(disparity)).save(tmp_path / 'd.png')
    found = read_pseudo_disparity(tmp_path / 'd.png')
    np.testing.assert_allclose(found, [[0.25, 17.125, np.nan], [255.9, np.nan, np.nan]], atol=1 / 512)
    confidence = np.array([[0.0, 0.3, 1.0]], np.float32)
    Image.fromarray(encode_confidence(confidence)).save(tmp_path / 'c.png')
    np.testing.assert_allclose(read_confidence(tmp_path / 'c.png'), confidence, atol=1e-5)


def test_a_match_is_right_within_the_tolerance(rooms, tmp_path):
    config = dict(split='train', scenes=3, num_views=1, size=(96, 128), cameras=dict(stereo=True), view_mode='stereo')
    inner = rooms(**config)
    for record in inner.records:
        (tmp_path / record.name).mkdir(parents=True)
        for number, view in enumerate(record.views):
            disparity = view.intrinsics[0, 0] * 0.2 / view.labels['depth'].load(Depth('depth'))
            disparity[:, :30] += 0.8
            disparity[:, 30:60] -= 1.2
            disparity[:20] = np.nan
            Image.fromarray(encode_disparity(disparity)).save(tmp_path / record.name / f'{number}_disparity.png')
    cache = str(Path(inner.folder).parents[1])
    dataset = StereoMatches(
        pairs=dict(type='mmmtl.SyntheticRooms', cache=cache, **config),
        folder=str(tmp_path),
        tasks={'confidence': Confidence('confidence')},
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair),
            dict(type=LoadPseudoLabels, folder=str(tmp_path), names=('disparity',)),
            dict(type=DisparityImage),
            dict(type=PackViews),
        ],
    )
    for number in range(3):
        for sample in dataset[number]['data_samples']:
            right = sample.gt.confidence[0]
            assert (right[:20] == -1).all() and (right[20:, :30] == 1).all() and (right[20:, 60:] == 1).all()
            assert (right[20:, 30:60] <= 0).all() and (right[20:, 30:60] == 0).any()
    assert str(dataset) == 'StereoMatches(SyntheticRooms(train, 3 scenes), 1 px)'
    truth = dataset.records[0].views[0].labels['confidence'].truth()
    assert truth.shape == (96, 128) and (truth > 1).all()
    with pytest.raises(ConfigError, match="is not a pair with cameras; set view_mode='stereo'"):
        StereoMatches(
            pairs=dict(type='mmmtl.SyntheticRooms', cache=cache, **{**config, 'view_mode': 'single'}),
            folder='x',
            tasks={'confidence': Confidence('confidence')},
            pipeline=[],
        )


def test_pairs_of_one_scene_are_held_out_together(rooms, tmp_path):
    config = dict(split='train', scenes=3, num_views=2, size=(16, 20), cameras=dict(stereo=True), view_mode='stereo')
    cache = str(Path(rooms(**config).folder).parents[1])
    rest, held = (
        StereoMatches(
            pairs=dict(type='mmmtl.SyntheticRooms', cache=cache, **config),
            folder=str(tmp_path),
            tasks={'confidence': Confidence('confidence')},
            pipeline=[],
            held_out=dict(type=HoldOutSplit, fraction=0.3, give=give, seed=1),
        )
        for give in ('rest', 'slice')
    )
    assert (len(rest), len(held)) == (4, 2)
    assert not {record.name.split('/')[0] for record in rest.records} & {
        record.name.split('/')[0] for record in held.records
    }


def test_shown_tasks(rooms):
    assert rooms(label_setting=dict(type=OnlyLabels, names=('depth',))).shown == [('depth',)] * 3
    with pytest.raises(ConfigError, match='OnlyLabels hides every label'):  # and no transform brings one
        rooms(label_setting=dict(type=OnlyLabels, names=()))
    with pytest.raises(ConfigError, match='unknown tasks edge; the tasks are semseg, depth, normal'):
        rooms(label_setting=dict(type=OnlyLabels, names=('edge',)))


def test_a_folder_keeps_to_the_settings_it_was_begun_with(tmp_path):
    prepare_folder(tmp_path / 'a', 'disparity', {'block': 3, 'pair': (1, 2)})
    prepare_folder(tmp_path / 'a', 'disparity', {'block': 3, 'pair': (1, 2)})
    assert json.loads((tmp_path / 'a' / 'manifest_disparity.json').read_text()) == {'block': 3, 'pair': [1, 2]}
    prepare_folder(tmp_path / 'a', 'semseg', {'model': 'other'})
    with pytest.raises(
        ConfigError, match=r'manifest_disparity\.json: written with different settings .block.; choose another'
    ):
        prepare_folder(tmp_path / 'a', 'disparity', {'block': 5, 'pair': (1, 2)})


def test_rooms_as_pairs(rooms):
    dataset = rooms(cameras=dict(stereo=True), view_mode='stereo', num_views=2)
    assert [record.name for record in dataset.records[:3]] == ['00000/0', '00000/1', '00001/0']
    for record in dataset.records:
        left, right = record.views
        assert left.camera_T_world[0, 3] - right.camera_T_world[0, 3] == pytest.approx(0.2, abs=1e-4)
    with pytest.raises(ConfigError, match="view_mode='stereo' needs cameras=dict.stereo=True"):
        rooms(view_mode='stereo')


def test_the_categories_of_cityscapes(tmp_path):
    root = write_cityscapes(tmp_path, images=5)  # image n has label id 7 + n
    options = dict(root=str(root), split='train', partial=True, pipeline=[dict(type=LoadViews), dict(type=PackViews)])
    classes, categories = (
        Cityscapes(tasks={'semseg': SemSeg('semseg', names)}, categories=short, **options)
        for names, short in ((Cityscapes.CLASSES, False), (CityscapesMTAN.CLASSES, True))
    )

    def found(dataset: Cityscapes) -> dict[int, int]:
        return {
            int(record.name[-13:-7]): dataset[i]['data_samples'][0].gt.semseg[0, 0, 0].item()
            for i, record in enumerate(dataset.records)
        }

    assert found(classes) == {0: 0, 1: 1, 2: 255, 3: 255, 4: 2}  # road, sidewalk, -, -, building
    assert found(categories) == {0: 0, 1: 0, 2: 255, 3: 255, 4: 1}
