"""Batches of several sizes: each image runs with those of its own size only; scenes stay whole."""

import pytest
import torch
from small_model import ALL, make_batch, make_model
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.models import BatchContext, Neck, NeckOutput
from mmmtl.models.equal_sizes import predict_by_size

SIZES = [(8, 10), (6, 10), (8, 10), (10, 8), (6, 10)]


def test_one_pass_per_size_and_the_order_stays():
    data = {'inputs': [torch.zeros(3, *size) for size in SIZES], 'data_samples': list('abcde')}
    passes = []

    def predict(part: dict) -> list[str]:
        assert len({image.shape for image in part['inputs']}) == 1
        passes.append(''.join(part['data_samples']))
        return [name.upper() for name in part['data_samples']]

    assert predict_by_size(predict, data, lambda image: image.shape) == list('ABCDE')
    assert passes == ['ac', 'be', 'd']


def test_a_batch_of_one_size_is_handed_on_as_it_is():
    data = {'inputs': torch.zeros(3, 3, 4, 6), 'data_samples': [1, 2, 3]}
    assert predict_by_size(lambda part: [part], data, lambda image: image.shape[1:]) == [data]
    assert predict_by_size(lambda part: [part], data, lambda image: image.shape[1:])[0] is data


class OtherView(Neck):
    """A neck that gives each view of a pair the colours of the other one."""

    looks_across_views = True

    def __init__(self, in_channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
        super().__init__(in_channels, strides)
        self.out_channels = (in_channels[0] + 3,)

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> NeckOutput:
        assert set(context.views) == {2} and sum(context.views) == len(context.images)
        other = context.images.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)[:, :, ::2, ::2]
        return NeckOutput((torch.cat([features[0], other], 1),))


def pairs(*sizes: tuple[int, int]) -> dict:
    """Two views of every second size and the one after it."""
    batch = make_batch(*[ALL] * len(sizes), sizes=sizes)
    for index, sample in enumerate(batch['data_samples']):
        sample.set_metainfo(dict(view=index % 2, num_views=2, scene=f'scene{index // 2}'))
        sample.intrinsics, sample.camera_T_world = torch.eye(3), torch.eye(4)
    return batch


def test_the_views_of_a_scene_stay_together():
    model = make_model(neck=dict(type=OtherView)).eval()
    batch = pairs((8, 10), (8, 10), (6, 10), (6, 10), (8, 10), (8, 10))
    together = model.test_step(batch)
    for scene in range(3):
        alone = model.test_step({name: values[2 * scene : 2 * scene + 2] for name, values in batch.items()})
        for one, other in zip(alone, together[2 * scene : 2 * scene + 2], strict=True):
            assert one.img_path == other.img_path
            torch.testing.assert_close(one.pred.depth, other.pred.depth)


def test_views_of_different_size():
    batch = pairs((8, 10), (6, 10))
    with pytest.raises(DataError, match=r'0\.png: the 2 views of scene0 differ in size, 8 x 10, 6 x 10'):
        make_model(neck=dict(type=OtherView)).test_step(batch)
    model = make_model().eval()  # a network that sees one view at a time
    for sample, (height, width) in zip(model.test_step(batch), ((8, 10), (6, 10)), strict=True):
        assert sample.pred.shape == (height, width)
