"""The parts of the project pass the checks of mmmtl, and do what their formulas say."""

from functools import partial

import numpy as np
import pytest
import torch
from example_project import Charbonnier, CoVWeighting, Height, RoomsWithHeight, SumHead, TorchvisionBackbone
from torch import Tensor

from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, RandomZoomCrop
from mmmtl.tasks import Depth
from mmmtl.testing import check_dataset, check_decode_head, check_task, check_weighting


def heights(images: int, size: tuple[int, int]) -> Tensor:
    """Labels (N, 1, H, W) without void."""
    return 0.1 + 2.9 * torch.rand(images, 1, *size)


@pytest.mark.parametrize('loss', [None, dict(type='L2'), dict(type=Charbonnier)], ids=['L1', 'L2', 'Charbonnier'])
def test_height_is_a_task(loss):
    check_task(Height('height', loss=loss), heights)


def test_the_loss_can_be_used_by_other_tasks():
    check_task(Depth('depth', loss=dict(type=Charbonnier)), heights)


@pytest.mark.parametrize('view_mode', ['single', 'all'])
def test_rooms_with_height_are_a_data_set(tmp_path, view_mode):
    pipeline = [dict(type=LoadViews), dict(type=RandomZoomCrop), dict(type=RandomFlip), dict(type=PackViews)]
    check_dataset(
        RoomsWithHeight(
            split='train',
            scenes=2,
            num_views=2,
            size=(48, 64),
            view_mode=view_mode,
            cache=str(tmp_path),
            pipeline=pipeline,
            tasks=dict(depth=dict(type=Depth), height=dict(type=Height)),
        )
    )


def test_the_sum_is_a_decode_head():
    check_decode_head(partial(SumHead, channels=6), tasks=dict(height=Height('height'), depth=Depth('depth')))


def test_the_weighting_follows_the_contract():
    check_weighting(CoVWeighting)


def cov_weights(history: np.ndarray) -> np.ndarray:
    """Weights (T,) of the next step, from the losses (steps, T) so far, by the formulas of the paper."""
    ratios = np.ones_like(history)
    for step in range(1, len(history)):
        ratios[step] = history[step] / history[:step].mean(0)
    if len(history) < 2:
        return np.full(history.shape[1], 1 / history.shape[1])
    spread = ratios.std(0) / ratios.mean(0)
    return spread / spread.sum()


def test_the_weighting_follows_the_paper():
    history = 0.5 + np.random.default_rng(0).random((6, 3)) * [1, 2, 4]
    weighting = CoVWeighting(['a', 'b', 'c'])
    for step, losses in enumerate(history):
        total, weights = weighting(torch.tensor(losses), torch.ones(3, dtype=torch.bool))
        expected = cov_weights(history[:step])
        np.testing.assert_allclose(weights, expected, rtol=1e-6)
        assert total.item() == pytest.approx((expected * losses).sum())


def test_the_weighting_leaves_out_a_task_without_labels():
    """Its statistics stay, and the weights are those of the other tasks alone."""
    history = 0.5 + np.random.default_rng(1).random((5, 3))
    three, two = CoVWeighting(['a', 'b', 'c']), CoVWeighting(['a', 'b'])
    for losses in history:
        _, weights = three(torch.tensor(losses), torch.tensor([True, True, False]))
        _, expected = two(torch.tensor(losses[:2]), torch.ones(2, dtype=torch.bool))
        assert weights[2] == 0 and torch.equal(weights[:2], expected)
    assert three.steps.tolist() == [5, 5, 0]


@pytest.mark.parametrize('name', ['resnet18', 'resnet50'])
def test_the_backbone_states_its_channels_and_strides(name):
    backbone = TorchvisionBackbone(name)
    features = backbone(torch.randn(2, 3, 64, 96))
    expected = [
        (2, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.out_channels, backbone.strides, strict=True)
    ]
    assert [tuple(x.shape) for x in features] == expected
