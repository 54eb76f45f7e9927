"""Sizes that parts accept: padded to a multiple, cropped back, refused where they are fixed."""

import pytest
import torch
from small_model import ALL, Strided, losses_of, make_batch, make_model
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.models import MultiTaskModel, Neck, NeckOutput, SizeConstraint
from mmmtl.models.decode_heads import ConvHead, PerTaskHead


class Eighths(Neck):
    """Accepts heights and widths that are multiples of 8."""

    size_constraint = SizeConstraint(multiple=8)

    def forward(self, features, context):
        assert all(length % 8 == 0 for length in context.image_shape)
        return NeckOutput(features)


class Sized(Strided):
    """A backbone for images of one size."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size_constraint = SizeConstraint(fixed=tuple(size))


@pytest.mark.parametrize('size', [(8, 16), (9, 10), (7, 23)])
def test_images_are_padded_and_logits_cropped_back(size):
    model, plain = make_model(neck=dict(type=Eighths)).eval(), make_model().eval()
    plain.load_state_dict(model.state_dict())
    images = torch.randn(2, 3, *size)
    padded = torch.zeros(2, 3, -(-size[0] // 8) * 8, -(-size[1] // 8) * 8)
    padded[..., : size[0], : size[1]] = images
    for name, logits in model(images).items():
        assert logits.shape[2:] == size
        assert torch.equal(logits, plain(padded)[name][..., : size[0], : size[1]])
    assert {x.shape[2:] for x in model.extract_feat(images)} == {(padded.shape[2] // 2, padded.shape[3] // 2)}


def test_padding_has_no_loss_and_no_prediction():
    model = make_model(neck=dict(type=Eighths))
    batch = make_batch(ALL, ALL, sizes=((9, 10), (7, 10)))
    data = model.data_preprocessor(batch)
    logits = model(data['inputs'])
    losses = losses_of(model, batch)
    for name, task in model.tasks.items():
        targets = model.targets(data['data_samples'], (9, 10))
        sums, counts = task.error(logits[name], targets[name])
        assert losses[name].item() == pytest.approx((sums / counts).mean().item(), rel=1e-5)
    assert [sample.pred.shape for sample in model.eval().test_step(batch)] == [(9, 10), (7, 10)]


def sized_model(size: tuple[int, int], **options) -> MultiTaskModel:
    head = dict(type=PerTaskHead, head=dict(type=ConvHead, channels=4))
    return MultiTaskModel({'depth': dict(type='mmmtl.Depth')}, dict(type=Sized, size=size), head, **options)


def test_a_fixed_size():
    model = sized_model((8, 16))
    assert model(torch.randn(1, 3, 8, 16))['depth'].shape == (1, 1, 8, 16)
    with pytest.raises(DataError, match=r'takes images of 8 x 16 only, found 8 x 10; use Resize in the pipeline'):
        model(torch.randn(1, 3, 8, 10))


class SizedHead(PerTaskHead):
    """A head for images of 8 x 16, which give features of 4 x 8."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.size_constraint = SizeConstraint(fixed=(8, 16))

    def forward(self, features, context):
        assert features[0].shape[2:] == (4, 8)
        return super().forward(features, context)


def test_a_part_of_fixed_size_behind_a_backbone_that_resizes_images():
    tasks, head = {'depth': dict(type='mmmtl.Depth')}, dict(type=SizedHead, head=dict(type=ConvHead, channels=4))
    plain = MultiTaskModel(tasks, dict(type=Strided), head).eval()
    with pytest.raises(DataError, match='takes images of 8 x 16 only, found 8 x 10'):
        plain(torch.randn(1, 3, 8, 10))
    resized = dict(type='mmmtl.ResizedInput', backbone=dict(type=Strided))
    model = MultiTaskModel(tasks, dict(resized, size=(8, 16)), head).eval()
    model.backbone.backbone, model.decode_head = plain.backbone, plain.decode_head
    images = torch.randn(1, 3, 8, 16)
    assert torch.equal(model(images)['depth'], plain(images)['depth'])
    assert model(torch.randn(1, 3, 9, 10))['depth'].shape == (1, 1, 9, 10)
    with pytest.raises(ConfigError, match='backbone takes images of 8 x 8 only and decode_head takes images of 8 x 16'):
        MultiTaskModel(tasks, dict(resized, size=(8, 8)), head)


def test_sizes_that_no_image_has():
    with pytest.raises(ConfigError, match=r'model.backbone takes images of 8 x 12 only, .* multiples of 8'):
        sized_model((8, 12), neck=dict(type=Eighths))
    fixed = {'backbone': SizeConstraint(fixed=(8, 16)), 'neck': SizeConstraint(fixed=(8, 8))}
    with pytest.raises(ConfigError, match='backbone takes images of 8 x 16 only and neck takes images of 8 x 8 only'):
        SizeConstraint.joint(fixed)
    parts = {'backbone': SizeConstraint(4), 'neck': SizeConstraint(6), 'decode_head': SizeConstraint(fixed=(12, 24))}
    assert SizeConstraint.joint(parts) == SizeConstraint(12, (12, 24))


def test_without_need_images_are_not_copied():
    images: Tensor = torch.randn(1, 3, 8, 16)
    assert SizeConstraint(multiple=8).pad(images) is images
