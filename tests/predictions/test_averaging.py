"""Averages over flips, scales and windows leave a prediction alone that depends on none of them."""

import numpy as np
import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.predictions.averaging import AveragedPrediction, Averaging
from mmmtl.tasks import Depth, Edge, HumanParts, InverseDepth, Normal, SemSeg

PARTS = HumanParts('parts', ('background', 'left hand', 'head', 'right hand'))
TASKS = {
    'semseg': SemSeg('semseg', ('bed', 'chair', 'wall')),
    'depth': Depth('depth'),
    'edge': Edge('edge'),
    'normal': Normal('normal'),
    'parts': PARTS,
}
SHAPE = 24, 32  # trained for
EVERYTHING = tuple(TASKS)


def colours(size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A smooth image, whose colours hardly depend on the resolution."""
    rows, columns = np.indices(size)
    height, width = size
    waves = [np.sin(3 * rows / height), np.cos(4 * columns / width), np.sin(2 * (rows / height + columns / width))]
    return (127.5 + 120 * np.stack(waves, -1)).astype(np.uint8)


def network(images) -> dict[str, torch.Tensor]:
    """Logits from the colour of each pixel; what is left and right follows the flip, depth the apparent size."""
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 255
    slope = pixels[:, :1].roll(1, -1) - pixels[:, :1].roll(-1, -1)  # changes sign with a flip
    slope[..., [0, -1]] = 0
    parts = pixels[:, :1].expand(-1, PARTS.channels, -1, -1).clone()
    return {
        'semseg': 5 * pixels,
        'depth': (1 + pixels[:, :1]) / images[0].shape[0],
        'edge': pixels[:, 1:2] - 0.5,
        'normal': torch.cat([0 * slope, pixels[:, 1:2] - 0.5, -1 - pixels[:, 2:]], 1),
        'parts': parts,
    }


def predict(averaging: Averaging, image: np.ndarray, run=network, tasks=TASKS, shape=SHAPE) -> dict[str, torch.Tensor]:
    return AveragedPrediction(run, tasks, averaging)(image, shape, 1.0)


@pytest.mark.parametrize(
    'averaging',
    [
        Averaging(flip=True),
        Averaging(scales=(0.75, 1.0, 1.5)),
        Averaging(flip=True, scales=(1.0, 2.0)),
    ],
)
def test_flips_and_scales_of_a_pointwise_network(averaging):
    """Depth that falls with the apparent size is corrected for the scale."""
    image = colours()
    single, averaged = predict(Averaging(), image), predict(averaging, image)
    assert (single['semseg'] == averaged['semseg']).float().mean() > 0.97
    for name in ('depth', 'edge', 'normal'):
        assert averaged[name].shape == single[name].shape
        torch.testing.assert_close(averaged[name], single[name], atol=0.03, rtol=0.03)


@pytest.mark.parametrize('size', [(48, 64), (49, 67), (90, 120), (24, 32), (10, 12)])
@pytest.mark.parametrize('flip', [False, True])
def test_windows_of_a_pointwise_network_show_the_image_at_a_higher_resolution(size, flip):
    """The blend is what the network predicts for the whole image at that resolution."""

    def constant_depth(images):
        return network(images) | {'depth': torch.full((len(images), 1, *images[0].shape[:2]), 2.0)}

    factor = min(2.0, max(1.0, size[0] / SHAPE[0]))
    at_once = tuple(round(length * factor) for length in SHAPE)
    image = colours(size)
    found = predict(Averaging(window_tasks=EVERYTHING, flip=flip), image, constant_depth)
    whole = predict(Averaging(), image, constant_depth, shape=at_once)
    assert (found['semseg'] == whole['semseg']).float().mean() > 0.99
    for name in ('edge', 'normal'):
        torch.testing.assert_close(found[name], whole[name], atol=2e-3, rtol=0)
    torch.testing.assert_close(found['depth'], torch.full((1, *size), 2.0 * factor))  # looks nearer by the factor


def test_windows_have_the_size_trained_for_and_other_tasks_are_predicted_at_once():
    seen = []

    def recorded(images):
        seen.append((len(images), images[0].shape[:2]))
        return network(images)

    image = colours((240, 320))
    windowed = predict(Averaging(window_tasks=('edge',), window_scale=3), image, recorded)
    assert {size for _, size in seen} == {SHAPE} and sum(count for count, _ in seen) == 1 + 5 * 5
    single = predict(Averaging(), image)
    for name in ('semseg', 'depth', 'normal'):
        torch.testing.assert_close(windowed[name], single[name], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(windowed['edge'], single['edge'])


def test_normals_change_the_sign_of_x_and_body_parts_their_side_with_the_flip():
    """The network takes what is left for a left part with a normal to the left."""
    left, right = 1, 3

    def sided(images):
        height, width = images[0].shape[:2]
        x = torch.linspace(-1, 1, width).expand(len(images), 1, height, width)
        parts = torch.zeros(len(images), PARTS.channels, height, width)
        parts[:, left], parts[:, right] = -9 * x[:, 0], 9 * x[:, 0]
        return {'normal': torch.cat([x, 0 * x, -1 + 0 * x], 1), 'parts': parts}

    tasks = {name: TASKS[name] for name in ('normal', 'parts')}
    image = colours(SHAPE)
    single, flipped = (predict(Averaging(flip=flip), image, sided, tasks) for flip in (False, True))
    torch.testing.assert_close(flipped['normal'], single['normal'], atol=1e-4, rtol=0)
    assert (flipped['parts'] == single['parts']).all()
    assert set(single['parts'].unique().tolist()) == {left, right}


def test_depth_is_averaged_in_the_logarithm_and_normals_stay_unit_vectors():
    runs = iter(range(4))

    def two_opinions(images):
        second = next(runs) % 2
        depth = torch.full((1, 1, *SHAPE), 4.0 if second else 1.0)
        normal = torch.tensor([0.0, 0.6, -0.8] if second else [0.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, *SHAPE)
        return {'depth': depth, 'inverse': 1 / depth, 'normal': normal}

    tasks = {'depth': Depth('depth'), 'inverse': InverseDepth('inverse'), 'normal': Normal('normal')}
    found = predict(Averaging(flip=True), colours(SHAPE), two_opinions, tasks)
    torch.testing.assert_close(found['depth'], torch.full((1, *SHAPE), 2.0))
    torch.testing.assert_close(found['inverse'], torch.full((1, *SHAPE), 2.0))
    expected = torch.nn.functional.normalize(torch.tensor([0.0, 0.6, -1.8]), dim=0).view(3, 1, 1).expand(3, *SHAPE)
    torch.testing.assert_close(found['normal'], expected)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(scales=()), 'scales must be numbers between'),
        (dict(scales=(0.0,)), 'scales must be numbers between'),
        (dict(scales=(float('nan'),)), 'scales must be numbers between'),
        (dict(window_scale=0.5), 'window_scale must be at least 1'),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(ConfigError, match=message):
        Averaging(**options)


def test_windows_need_a_task_and_a_size():
    with pytest.raises(ConfigError, match="no task 'edges'; the network predicts semseg, depth"):
        Averaging(window_tasks=('edges',)).check(TASKS, SHAPE)
    with pytest.raises(ConfigError, match='size is None'):
        Averaging(window_tasks=('edge',)).check(TASKS, None)
    Averaging(window_tasks=('edge',)).check(TASKS, SHAPE)
