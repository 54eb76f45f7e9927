"""Depth from disparity: the formula, what counts as unknown, and a real stereo pair."""

import numpy as np
import torch
from PIL import Image

from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.geometry import correspondences, warp
from mmmtl.tasks import Depth

DEPTH = Depth('depth')


def test_sixteen_bit_disparities_of_cityscapes(tmp_path):
    raw = np.array([[0, 1, 257], [513, 2, 32257]], np.uint16)
    Image.fromarray(raw).save(tmp_path / 'd.png')
    label = DepthFromDisparity(tmp_path / 'd.png', 2000, 0.2, scale=1 / 256, offset=-1 / 256, far=300).load(DEPTH)
    assert label.dtype == np.float32
    np.testing.assert_allclose(label, [[0, 0, 0], [200, 0, 400 / 126]], rtol=1e-6)  # 400 m lie beyond far
    everything = DepthFromDisparity(tmp_path / 'd.png', 2000, 0.2, scale=1 / 256, offset=-1 / 256).load(DEPTH)
    np.testing.assert_allclose(everything, [[0, 0, 400], [200, 102400, 400 / 126]], rtol=1e-6)


def test_infinite_and_negative_disparities_are_unknown(tmp_path):
    np.save(tmp_path / 'd.npy', np.array([[np.inf, np.nan, -5, 5]]))
    label = DepthFromDisparity(tmp_path / 'd.npy', 100, 1, shift=5, void=np.inf).load(DEPTH)
    assert label.tolist() == [[0, 0, 0, 10]]


def test_several_numbers_are_unknown(tmp_path):
    Image.fromarray(np.array([[0, 65535, 256]], np.uint16)).save(tmp_path / 'd.png')
    label = DepthFromDisparity(tmp_path / 'd.png', 100, 1, scale=1 / 256, void=(0, 65535)).load(DEPTH)
    assert label.tolist() == [[0, 0, 100]]


def test_three_channels_are_an_error(tmp_path, data_error):
    np.save(tmp_path / 'd.npy', np.ones((2, 2, 3)))
    with data_error(tmp_path / 'd.npy', 'H x W'):
        DepthFromDisparity(tmp_path / 'd.npy', 1, 1).load(DEPTH)


def test_the_motorcycle_lands_on_itself_in_the_right_image(data_root):
    folder = data_root / 'real' / 'stereo'
    focal, centre, shift, baseline = 994.978, (311.193, 254.877), 31.086, 0.193001
    source = DepthFromDisparity(folder / 'motorcycle_disp.npz', focal, baseline, shift=shift, void=np.inf)
    depth = torch.from_numpy(source.load(DEPTH))[None, None]
    assert (depth > 0).float().mean() > 0.9
    assert 2 < depth[depth > 0].min() and depth.max() < 6
    images = (np.array(Image.open(folder / f'motorcycle_{side}.png')) for side in ('left', 'right'))
    left, right = (torch.from_numpy(image).permute(2, 0, 1)[None].float() for image in images)
    cameras = []
    for moved in (0, shift):
        rows = [focal, 0, centre[0] + 0.5 + moved], [0, focal, centre[1] + 0.5], [0, 0, 1]
        cameras.append(torch.tensor(rows)[None])
    pose = torch.eye(4)[None]
    pose[0, 0, 3] = -baseline
    positions, _ = correspondences(depth, *cameras, pose)
    seen, inside = warp(right, positions)
    known = inside & (depth > 0)
    right_way = (seen - left).abs().mean(1, keepdim=True)[known].mean()
    unmoved = (right - left).abs().mean(1, keepdim=True)[known].mean()
    assert right_way < 0.4 * unmoved  # 11.4 against 38.7 grey levels


def test_large_maps_are_converted_like_their_rows(tmp_path):
    raw = np.random.default_rng(0).integers(0, 65536, (300, 400)).astype(np.uint16)
    options = dict(scale=1 / 256, offset=-1 / 256, shift=0.5, void=(0, 9), far=40)
    np.save(tmp_path / 'd.npy', raw)
    whole = DepthFromDisparity(tmp_path / 'd.npy', 721.5, 0.54, **options).load(DEPTH)
    for row in range(0, 300, 50):
        np.save(tmp_path / 'r.npy', raw[row : row + 1])
        one = DepthFromDisparity(tmp_path / 'r.npy', 721.5, 0.54, **options).load(DEPTH)
        np.testing.assert_array_equal(whole[row : row + 1], one, strict=True)
