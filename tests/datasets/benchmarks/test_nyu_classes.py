"""NYU's classes: 40 to 13 as the public mapping has it, exactly, on every pixel of real label maps."""

import numpy as np
import pytest
import scipy.io
from PIL import Image

from mmmtl.datasets.benchmarks.nyu_classes import CLASSES_13, CLASSES_40, FORTY_TO_THIRTEEN, valid_intrinsics
from mmmtl.synthetic_rooms import SyntheticRooms

DIFFERENTLY_SPELT = {
    'refridgerator': 'refrigerator',
    'otherstructure': 'other structure',
    'otherfurniture': 'other furniture',
    'otherprop': 'other prop',
}


def test_table():
    assert FORTY_TO_THIRTEEN.shape == (41,) and FORTY_TO_THIRTEEN[0] == 0
    assert set(FORTY_TO_THIRTEEN[1:]) == set(range(1, 14))
    coarse = {fine: CLASSES_13[FORTY_TO_THIRTEEN[number] - 1] for number, fine in enumerate(CLASSES_40, 1)}
    assert [coarse[name] for name in ('bed', 'desk', 'blinds', 'television', 'lamp', 'door', 'floor mat')] == [
        'bed',
        'table',
        'window',
        'tv',
        'objects',
        'wall',
        'floor',
    ]
    assert CLASSES_13 == tuple(SyntheticRooms.CLASSES)


def test_camera_of_the_valid_part():
    """The toolbox's centre (325.5824, 253.7362) counts whole numbers: half a pixel more, less the border cut away."""
    np.testing.assert_allclose(valid_intrinsics()[:2, 2], (325.5824 + 0.5 - 40, 253.7362 + 0.5 - 45))


def test_real_labels(data_root):
    fine_maps = sorted((data_root / 'real' / 'nyuv2' / 'label40').glob('*.png'))
    if not fine_maps:
        pytest.skip('no real NYU labels')
    pixels = 0
    for path in fine_maps:
        fine, coarse = np.array(Image.open(path)), np.array(Image.open(path.parents[1] / 'label13' / path.name))
        np.testing.assert_array_equal(FORTY_TO_THIRTEEN[fine], coarse)
        pixels += fine.size
    assert pixels == 480 * 640 * len(fine_maps)


def test_public_mapping_files(data_root):
    meta = data_root / 'real' / 'nyuv2' / 'meta'
    if not meta.is_dir():
        pytest.skip('no mapping files')
    thirteen = scipy.io.loadmat(meta / 'class13Mapping.mat', simplify_cells=True)['classMapping13']
    assert tuple(thirteen['classNames']) == CLASSES_13
    np.testing.assert_array_equal(FORTY_TO_THIRTEEN[1:], thirteen['labels13'])
    forty = scipy.io.loadmat(meta / 'classMapping40.mat', simplify_cells=True)['className']
    assert tuple(DIFFERENTLY_SPELT.get(name, name) for name in forty) == CLASSES_40
