"""The parts of the project keep the contracts of mmmtl."""

import pytest
import torch
from example_project import Charbonnier, Height, RoomsWithHeight, SumHead
from torch import Tensor

from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, RandomZoomCrop
from mmmtl.tasks import Depth
from mmmtl.testing import check_dataset, check_task


def heights(images: int, size: tuple[int, int]) -> Tensor:
    """Labels (N, 1, H, W) without void."""
    return 0.1 + 2.9 * torch.rand(images, 1, *size)


@pytest.mark.parametrize('loss', [None, dict(type='L2'), dict(type=Charbonnier)], ids=['L1', 'L2', 'Charbonnier'])
def test_height_is_a_task(loss):
    check_task(Height('height', loss=loss), heights)


def test_the_loss_teaches_other_tasks_too():
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


def test_the_head_gives_every_task_its_logits():
    tasks = dict(height=Height('height'), depth=Depth('depth'))
    head = SumHead(tasks, in_channels=(4, 8), strides=(2, 4), channels=6)
    logits = head([torch.randn(2, 4, 6, 8), torch.randn(2, 8, 3, 4)])
    assert {name: tuple(values.shape) for name, values in logits.items()} == dict.fromkeys(tasks, (2, 1, 6, 8))
    sum(values.sum() for values in logits.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
