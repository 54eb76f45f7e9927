"""Every writer names the files that it writes, and other programs read them."""

import numpy as np
import pytest
from noise_images import noise
from ply_reader import read_ply

from mmmtl.cli import predict
from mmmtl.predictions.output_files import WRITERS, Prediction, depth_and_normal_tasks, lost_values
from mmmtl.tasks import Confidence, Depth, Disparity, Edge, HumanParts, InverseDepth, Normal, Saliency, SemSeg

SIZE = 20, 30
CAMERA = np.array([[25, 0, 15], [0, 25, 10], [0, 0, 1.0]])
RANDOM = np.random.default_rng(0)
CLASSES = RANDOM.integers(0, 3, SIZE)
FRACTIONS = RANDOM.random(SIZE).astype(np.float32)
ALL = {
    'semseg': (SemSeg('semseg', ('bed', 'chair', 'wall')), CLASSES),
    'depth': (Depth('depth'), 1 + FRACTIONS),
    'inverse': (InverseDepth('inverse'), 1 + FRACTIONS),
    'normal': (Normal('normal'), np.full((*SIZE, 3), 3**-0.5, np.float32)),
    'edge': (Edge('edge'), FRACTIONS),
    'saliency': (Saliency('saliency'), FRACTIONS),
    'parts': (HumanParts('parts'), CLASSES),
    'disparity': (Disparity('disparity'), FRACTIONS),
    'confidence': (Confidence('confidence'), FRACTIONS),
}


def prediction(*names: str) -> Prediction:
    tasks = {name: ALL[name][0] for name in names}
    return Prediction(noise(*SIZE), {name: ALL[name][1] for name in names}, tasks, CAMERA)


@pytest.mark.parametrize('names', [(name,) for name in ALL] + [tuple(ALL), ('depth', 'semseg')])
@pytest.mark.parametrize('writer', WRITERS)
def test_writers_announce_their_files(writer, names):
    if writer == 'point-cloud' and 'depth' not in names:
        names = (*names, 'depth')
    made = prediction(*names)
    files = WRITERS[writer].encode(made)
    assert sorted(files) == sorted(WRITERS[writer].suffixes(made.tasks)) and files
    for suffix, content in files.items():
        assert isinstance(content, bytes) or suffix.endswith('.npy') or content.dtype in (np.uint8, np.uint16)


def test_arrays_have_the_values_and_small_classes():
    made = prediction('semseg', 'depth')
    files = WRITERS['arrays'].encode(made)
    assert files['.semseg.npy'].dtype == np.uint8
    np.testing.assert_array_equal(files['.semseg.npy'], made.maps['semseg'])
    np.testing.assert_array_equal(files['.depth.npy'], made.maps['depth'])


def test_the_overlay_shows_the_classes_or_the_first_map():
    for names, shown in ((('depth', 'semseg'), 'semseg'), (('depth', 'edge'), 'depth')):
        made = prediction(*names)
        (overlay,) = WRITERS['overlay'].encode(made).values()
        drawn = made.tasks[shown].visualize(made.maps[shown])
        np.testing.assert_allclose(overlay, (made.image + drawn.astype(float)) / 2, atol=1)


def test_a_point_cloud_has_the_predicted_normals_or_those_of_the_depth(tmp_path):
    found = {}
    for names in (('depth',), ('depth', 'normal')):
        (tmp_path / 'a.ply').write_bytes(WRITERS['point-cloud'].encode(prediction(*names))['.ply'])
        found[names] = read_ply(tmp_path / 'a.ply')[1]
    for axis in ('nx', 'ny', 'nz'):
        np.testing.assert_allclose(found['depth', 'normal'][axis], 3**-0.5, atol=1e-6)
    assert found['depth',]['nz'].min() < -0.1  # towards the camera
    for axis in ('x', 'y', 'z', 'red'):
        np.testing.assert_array_equal(found['depth', 'normal'][axis], found['depth',][axis])


def test_the_first_task_of_depth_and_of_normals_is_used():
    tasks = {'edge': Edge('edge'), 'far': Depth('far'), 'near': Depth('near'), 'normal': Normal('normal')}
    assert depth_and_normal_tasks(tasks) == ('far', 'normal')
    assert depth_and_normal_tasks({'edge': Edge('edge')}) == (None, None)
    with pytest.raises(ValueError, match='a point cloud needs depth and intrinsics'):
        WRITERS['point-cloud'].encode(prediction('edge'))


def test_lost_depth_is_named_with_its_task():
    made = prediction('depth', 'edge')
    assert lost_values(made) == []
    made.maps['depth'][0, 0] = 100
    assert lost_values(made) == ['depth: 1 pixels deeper than 65.535 m are 0 in the PNG; the .npy file has their depth']
    made.maps['depth'][0, 0] = 1


def test_the_command_offers_every_writer():
    assert predict.WRITERS == tuple(WRITERS)
