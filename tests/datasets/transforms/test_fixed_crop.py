"""The same window of every view, with labels and intrinsics."""

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import FixedCrop
from mmmtl.errors import ConfigError, DataError


def test_a_window_of_image_label_and_camera():
    image = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    view = {
        'image': image,
        'labels': {'depth': image[..., 0]},
        'img_path': 'a.png',
        'intrinsics': torch.tensor([[9.0, 0, 3], [0, 9, 2], [0, 0, 1]]),
    }
    FixedCrop((2, 4), top=1, left=2).transform({'views': [view]})
    assert np.array_equal(view['image'], image[1:3, 2:6])
    assert np.array_equal(view['labels']['depth'], image[1:3, 2:6, 0])
    assert view['intrinsics'][:2, 2].tolist() == [1, 1]
    with pytest.raises(DataError, match=r'a\.png: 2 x 4 pixels, too few for a window of 2 x 4 at \(1, 0\)'):
        FixedCrop((2, 4), top=1).transform({'views': [view]})


@pytest.mark.parametrize('options', [dict(top=-1), dict(left=-3), dict(size=(0, 4))])
def test_a_window_outside_every_image(options):
    with pytest.raises(ConfigError, match='FixedCrop needs a positive size and top and left >= 0, found'):
        FixedCrop(**{'size': (2, 4), **options})
