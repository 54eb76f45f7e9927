"""Rectified pairs in the pipeline: they stay rectified under every augmentation, and pseudo labels move with them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.datasets import KITTI, Record
from mmmtl.datasets.label_readers.pseudo_disparity import encode_confidence, encode_disparity
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.datasets.transforms import (
    CoverCrop,
    DisparityImage,
    LoadPseudoLabels,
    LoadViews,
    PackViews,
    Pad,
    RandomCropLimited,
    RandomFlip,
    RandomScale,
    RandomZoomCrop,
    RectifiedPair,
    Resize,
)
from mmmtl.errors import ConfigError
from mmmtl.geometry import check_rectified, stereo_rig, warp_to_other_view
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, SemSeg

LOAD = [dict(type=LoadViews), dict(type=RectifiedPair)]
MOVES = {
    'nothing': [],
    'flip': [dict(type=RandomFlip, prob=1.0)],
    'zoom': [dict(type=RandomZoomCrop, scales=(1.5,))],
    'resize': [dict(type=Resize, size=(64, 96))],
    'scale': [dict(type=RandomScale, lowest=0.6, highest=1.6)],
    'crop': [dict(type=RandomCropLimited, size=(60, 70))],
    'cover': [dict(type=CoverCrop, size=(64, 64))],
    'pad': [dict(type=Pad, size=(110, 150))],
    'all': [
        dict(type=RandomZoomCrop, scales=(1.2,)),
        dict(type=RandomFlip, prob=1.0),
        dict(type=Resize, size=(80, 80)),
        dict(type=RandomFlip, prob=1.0),
        dict(type=RandomFlip, prob=1.0),
        dict(type=Pad, size=(90, 84)),
    ],
}


@pytest.fixture(scope='module')
def folder(rooms, tmp_path_factory) -> Path:
    """Pseudo labels of the rooms that are the truth, with the confidence of one row cleared."""
    folder = tmp_path_factory.mktemp('pseudo')
    for record in rooms(view_mode='stereo', cameras=dict(stereo=True), num_views=1).records:
        (folder / record.name).mkdir(parents=True)
        for number, view in enumerate(record.views):
            disparity = view.intrinsics[0, 0] * 0.2 / view.labels['depth'].load(Depth('depth'))
            Image.fromarray(encode_disparity(disparity)).save(folder / record.name / f'{number}_disparity.png')
            confidence = np.ones_like(disparity)
            confidence[:10] = 0.25
            Image.fromarray(encode_confidence(confidence)).save(folder / record.name / f'{number}_confidence.png')
            classes = view.labels['semseg'].load(SemSeg('semseg', SyntheticRooms.CLASSES)).astype(np.uint8)
            Image.fromarray(classes).save(folder / record.name / f'{number}_semseg.png')
    return folder


def pairs(rooms, pipeline, **options) -> SyntheticRooms:
    return rooms(
        [*pipeline, dict(type=PackViews)], view_mode='stereo', cameras=dict(stereo=True), num_views=1, **options
    )


@pytest.mark.parametrize('is_adaptive', MOVES.values(), ids=MOVES)
def test_pairs_stay_rectified_and_labels_stay_true(rooms, folder, is_adaptive):
    dataset = pairs(rooms, [*LOAD, dict(type=LoadPseudoLabels, folder=str(folder)), *is_adaptive])
    samples = dataset[SampleKey(0, 1, 1)]['data_samples']
    assert [sample.rectified for sample in samples] == [True, True]
    intrinsics, poses = (
        torch.stack([sample.get(name) for sample in samples]) for name in ('intrinsics', 'camera_T_world')
    )
    check_rectified(intrinsics, poses, tuple(sample.img_shape for sample in samples), name='moved')
    rig = stereo_rig(intrinsics[None], poses[None])
    disparity, confidence, depth = (
        torch.stack([sample.gt.get(name) for sample in samples])[None] for name in ('disparity', 'confidence', 'depth')
    )
    known = (disparity > 0) & (depth > 0)
    assert known.float().mean() > 0.3 and {0.25, 1.0} >= {round(v, 2) for v in confidence[known].unique().tolist()}
    relative = (rig.baseline / disparity / depth - 1).abs()[known]
    # a zoom divides depth by its nominal scale, while the crop is of whole pixels: 1 % at these sizes
    assert relative.median() < 0.012 and relative.quantile(0.9) < 0.05
    classes = torch.stack([sample.gt.semseg for sample in samples])[None].float()
    warped, inside = warp_to_other_view(classes, rig.disparity(disparity), mode='nearest')
    agree = (warped == classes)[inside & known & (classes != 255) & (warped != 255)].float().mean()
    assert agree > 0.8
    wrong, inside = warp_to_other_view(classes, -rig.disparity(disparity), mode='nearest')
    assert (wrong == classes)[inside & known].float().mean() < agree - 0.1


def test_a_flip_swaps_the_views_of_a_rectified_pair_only(rooms):
    flip = dict(type=RandomFlip, prob=1.0)
    plain, flipped, unmarked = (pairs(rooms, steps)[0] for steps in (LOAD, [*LOAD, flip], [LOAD[0], flip]))
    assert torch.equal(flipped['inputs'][0], plain['inputs'][1].flip(2))
    assert torch.equal(unmarked['inputs'][0], plain['inputs'][0].flip(2))
    assert [sample.view for sample in flipped['data_samples']] == [0, 1]
    assert 'rectified' not in unmarked['data_samples'][0]


def test_pseudo_classes_are_used_for_views_without_classes(rooms, folder, tasks):
    load = dict(type=LoadPseudoLabels, folder=str(folder), names=('semseg',), tasks=tasks)
    truth = pairs(rooms, LOAD)[0]['data_samples']
    dataset = pairs(rooms, [*LOAD, load])
    left, right = dataset.records[0].views
    semseg = left.labels['semseg']
    right = dataclasses.replace(right, labels={'depth': right.labels['depth']})
    dataset.records[0] = Record(dataset.records[0].name, (left, right))
    samples = dataset[0]['data_samples']
    assert torch.equal(samples[1].gt.semseg, truth[1].gt.semseg) and semseg.path.is_file()
    assert torch.equal(samples[0].gt.semseg, truth[0].gt.semseg)


def test_the_disparity_as_an_image(rooms, folder):
    load = dict(type=LoadPseudoLabels, folder=str(folder))
    packed = pairs(rooms, [*LOAD, load, dict(type=DisparityImage)])[0]
    image, sample = packed['inputs'][0], packed['data_samples'][0]
    assert image.shape == (3, 96, 128) and image.dtype == torch.float32
    torch.testing.assert_close(image[0], sample.intrinsics[0, 0] * 0.2 / sample.gt.depth[0], atol=0.01, rtol=0)


def test_invalid_stereo_pairs_are_errors(rooms, data_error):
    with data_error('00000/0', '1 views, but a stereo pair has 2'):
        rooms(LOAD, cameras=dict(stereo=True), view_mode='single', num_views=1)[0]
    with data_error('00000', 'not a rectified pair'):
        rooms(LOAD)[0]
    dataset = pairs(rooms, LOAD)
    record = dataset.records[0]
    dataset.records[0] = Record('wrong', record.views[::-1])
    with data_error('wrong', 'left and right view are swapped'):
        dataset[0]
    dataset.records[0] = Record('wrong', (record.views[0], record.views[0]))
    with data_error('wrong', 'baseline of the pair is 0.000 m'):
        dataset[0]
    dataset.records[0] = Record('wrong', (record.views[0], dataclasses.replace(record.views[1], camera_T_world=None)))
    with data_error(record.views[1].image, 'needs intrinsics and poses'):
        dataset[0]
    dataset.records[0] = Record('wrong', (record.views[0], dataclasses.replace(record.views[1], image=Path('no.png'))))
    with data_error('no.png', 'no such file'):
        dataset[0]
    with pytest.raises(ConfigError, match="order must be 'check' or 'sort'"):
        RectifiedPair(order='guess')


def test_sort_puts_the_left_view_first(rooms):
    dataset = pairs(rooms, [LOAD[0], dict(type=RectifiedPair, order='sort')])
    expected = dataset[0]['data_samples']
    dataset.records[0] = Record('swapped', dataset.records[0].views[::-1])
    found = dataset[0]['data_samples']
    assert [sample.img_path for sample in found] == [sample.img_path for sample in expected]


def test_kitti_and_cityscapes_give_pairs(tmp_path, data_error):
    from miniature_driving import DATE, DRIVE, write_cityscapes, write_kitti

    from mmmtl.datasets import Cityscapes

    frames = tmp_path / 'frames.txt'
    frames.write_text(f'{DATE}/{DRIVE} 5 l\n{DATE}/{DRIVE} 6 r\n')
    options = dict(view_mode='stereo', tasks={'depth': Depth('depth')})
    kitti = KITTI(
        root=str(write_kitti(tmp_path / 'kitti')),
        frames=str(frames),
        **options,
        pipeline=[dict(type=LoadViews), dict(type=RectifiedPair, order='sort'), dict(type=PackViews)],
    )
    city = Cityscapes(
        root=str(write_cityscapes(tmp_path / 'city')),
        split='train',
        partial=True,
        **options,
        pipeline=[*LOAD, dict(type=PackViews)],
    )
    for samples, names in (
        (kitti[0], ('image_02', 'image_03')),
        (kitti[1], ('image_02', 'image_03')),
        (city[0], ('left', 'right')),
    ):
        assert all(name in sample.img_path for name, sample in zip(names, samples['data_samples'], strict=True))
    depths = [[sample.gt.get('depth') is not None for sample in kitti[number]['data_samples']] for number in (0, 1)]
    assert depths == [[True, False], [False, True]]
    right = kitti.records[0].views[1].image
    right.unlink()
    with data_error(right, '1 of 2 files are missing'):
        KITTI(root=str(tmp_path / 'kitti'), frames=str(frames), pipeline=LOAD, **options)


def test_mistakes_with_pseudo_labels_are_named(rooms, folder, tmp_path, data_error, tasks):
    with pytest.raises(ConfigError, match='flow is neither disparity, confidence nor a task'):
        LoadPseudoLabels('anywhere', names=('flow',))
    load = dict(type=LoadPseudoLabels, folder=str(folder))
    with data_error('00000/0', 'put RectifiedPair before LoadPseudoLabels'):
        pairs(rooms, [LOAD[0], load])[0]
    with data_error(tmp_path / '00000/0/0_disparity.png', 'no such pseudo label; create it with mmmtl pseudo-'):
        pairs(rooms, [*LOAD, {**load, 'folder': str(tmp_path)}])[0]
    for move in (
        dict(type=Resize, size=(48, 64)),
        dict(type=RandomFlip, prob=1.0),
        dict(type=RandomZoomCrop),
        dict(type=Pad, size=(110, 150)),
    ):
        with data_error('00000/0', 'put LoadPseudoLabels before flips, crops and resizes'):
            pairs(rooms, [*LOAD, move, load])[0]
    with data_error(folder, 'disparity is 96 x 128, but its image'):
        pairs(rooms, [*LOAD, load], size=(48, 64))[0]
    with data_error('1_image.png', 'put LoadPseudoLabels before DisparityImage'):
        pairs(rooms, [*LOAD, dict(type=RandomFlip, prob=1.0), dict(type=DisparityImage)])[0]
    (tmp_path / '00000/0').mkdir(parents=True)
    Image.fromarray(np.zeros((96, 128, 3), np.uint8)).save(tmp_path / '00000/0/0_disparity.png')
    with data_error(tmp_path, 'expected a 16-bit image of one channel'):
        pairs(rooms, [*LOAD, {**load, 'folder': str(tmp_path)}])[0]
    dataset = pairs(rooms, [*LOAD, dict(type=LoadPseudoLabels, folder=str(tmp_path), names=('semseg',), tasks=tasks)])
    dataset.records[0] = Record(
        dataset.records[0].name,
        tuple(dataclasses.replace(view, labels={'depth': view.labels['depth']}) for view in dataset.records[0].views),
    )
    with data_error(tmp_path / '00000/0/0_semseg.png', 'create it with mmmtl pseudo-semseg'):
        dataset[0]
    Image.fromarray(np.full((96, 128), 77, np.uint8)).save(tmp_path / '00000/0/0_semseg.png')
    with data_error(tmp_path, r'must lie in 0\.\.12'):
        dataset[0]


def test_a_hidden_label_is_not_replaced(rooms, folder, tasks):
    load = dict(type=LoadPseudoLabels, folder=str(folder), names=('semseg',), tasks=tasks)
    dataset = pairs(rooms, [*LOAD, load], label_setting=dict(type='mmmtl.OnlyLabels', names=('depth',)))
    assert all('semseg' not in sample.gt for sample in dataset[0]['data_samples'])
