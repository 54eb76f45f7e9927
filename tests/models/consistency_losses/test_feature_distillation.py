"""Distillation from frozen teachers: its distance, its images, and that a cache changes nothing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from small_vit import SMALL_VIT
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import SAK, SegNet
from mmmtl.models.consistency_losses import FeatureDistillation
from mmmtl.models.consistency_losses.feature_distillation import map_distances
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal

TEACHERS = {
    'one': dict(model_name='test_vit', out_indices=(0, 1), pretrained=False),
    'two': dict(model_name='test_vit2', out_indices=(0, 1), pretrained=False, long_side=64),
}
SIZE = (32, 48)


def make_model(
    teachers: dict = TEACHERS, backbone: dict | None = None, preprocessor: dict | None = None, **options
) -> MultiTaskModel:
    torch.manual_seed(0)
    vit = dict(model_name=SMALL_VIT, out_indices=(0, 2))
    student = dict(type=SAK, vit=vit, teachers=dict.fromkeys(TEACHERS, 64))
    return MultiTaskModel(
        dict(depth=dict(type=Depth), normal=dict(type=Normal)),
        backbone or student,
        dict(type=PerTaskHead, head=dict(type=ConvHead, channels=4, norm=None), maps_per_task=0 if backbone else 2),
        data_preprocessor=preprocessor,
        consistency_losses=dict(distillation=dict(type=FeatureDistillation, teachers=teachers, **options)),
    )


def make_batch(count: int = 4) -> dict:
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randint(256, (3, *SIZE), dtype=torch.uint8, generator=generator) for _ in range(count)]
    samples = [
        MultiTaskDataSample(metainfo=dict(img_shape=SIZE, img_path=f'{index}.png', num_views=1), gt=PixelData())
        for index in range(count)
    ]
    return {'inputs': inputs, 'data_samples': samples}


def distillation(model: MultiTaskModel, batch: dict) -> Tensor:
    torch.manual_seed(0)
    data = model.data_preprocessor(batch)
    return model(**data, mode='loss')['distillation']


def test_the_distance_of_maps():
    torch.manual_seed(0)
    one, other = torch.randn(3, 4, 5, 6), torch.randn(3, 4, 5, 6)
    assert map_distances(one, one).abs().max() < 1e-6
    assert torch.allclose(map_distances(one, 2 * one, cosine=1.0), torch.zeros(3), atol=1e-6)
    for a, b, found in zip(one.double().numpy(), other.double().numpy(), map_distances(one, other), strict=True):
        a, b = a.ravel(), b.ravel()
        cosine = a @ b / np.sqrt((a @ a) * (b @ b))
        difference = np.abs(a - b)
        l1 = np.where(difference < 1, difference**2 / 2, difference - 0.5).mean()
        assert found.item() == pytest.approx(0.9 * (1 - cosine) + 0.1 * l1, rel=1e-5)


@pytest.mark.parametrize('student', [(4, 6), (8, 12)])
def test_the_coarser_map_is_resized(student):
    one, other = torch.randn(2, 3, *student), torch.randn(2, 3, 6, 9)
    large = (6, 9) if student == (4, 6) else student
    resized = [F.interpolate(x, large, mode='bilinear', align_corners=False) for x in (one, other)]
    torch.testing.assert_close(map_distances(one, other), map_distances(*resized))


def test_the_loss_is_the_sum_over_teachers_and_taps_of_the_mean_over_images():
    model, batch = make_model(), make_batch()
    value = distillation(model, batch)
    data = model.data_preprocessor(batch)
    rgb = torch.stack(batch['inputs']) / 255
    features = model.backbone(data['inputs'])
    expected = 0
    for name, teacher in model.consistency_losses['distillation'].teachers.items():
        for index, taught in zip(model.backbone.imitations[name], teacher(rgb), strict=True):
            expected = expected + map_distances(features[index], taught).mean()
    torch.testing.assert_close(value, expected.detach(), rtol=1e-4, atol=1e-5)


def test_the_order_of_teachers_and_images_does_not_matter():
    batch = make_batch()
    expected = distillation(make_model(), batch)
    order = [2, 0, 3, 1]
    reordered = {key: [values[index] for index in order] for key, values in batch.items()}
    torch.testing.assert_close(distillation(make_model(dict(reversed(TEACHERS.items()))), reordered), expected)
    halves = [
        distillation(make_model(), {key: x[part] for key, x in batch.items()}) for part in (slice(2), slice(2, 4))
    ]
    torch.testing.assert_close(sum(halves) / 2, expected)


def test_supervised_images_are_left_out():
    model, batch = make_model(), make_batch()
    expected = distillation(model, {key: values[:2] for key, values in batch.items()})
    for sample in batch['data_samples'][2:]:
        sample.set_metainfo({'supervision_role': 'supervised'})
    torch.testing.assert_close(distillation(model, batch), expected)
    for sample in batch['data_samples']:
        sample.set_metainfo({'supervision_role': 'supervised'})
    assert distillation(model, batch) == 0 and model.counts['distillation'] == 0


def test_only_the_student_learns_and_teachers_are_not_saved():
    model, batch = make_model(), make_batch()
    model(**model.data_preprocessor(batch), mode='loss')['loss'].backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]
    teacher = model.consistency_losses['distillation'].teachers['one']
    assert all(p.grad is None for p in teacher.network.parameters())
    assert not [key for key in model.state_dict() if 'teacher' in key or 'consistency' in key]


def flipped(batch: dict, indices: tuple[int, ...]) -> dict:
    """The batch with some images flipped."""
    samples = [sample.clone() for sample in batch['data_samples']]
    for index in indices:
        samples[index].set_metainfo({'flipped': True})
    images = [image.flip(-1) if index in indices else image for index, image in enumerate(batch['inputs'])]
    return {'inputs': images, 'data_samples': samples}


def test_cached_maps_equal_computed_ones(tmp_path):
    """Maps that are read, flipped or not and in other batches, differ by rounding at most."""
    batch = make_batch()
    cached = make_model(cache=str(tmp_path / 'cache'))
    loss = cached.consistency_losses['distillation']
    plain = make_model(unflip=True)
    for indices in ((0, 2), (), (1, 2, 3)):
        one = flipped(batch, indices)
        torch.testing.assert_close(distillation(cached, one), distillation(plain, one), rtol=1e-6, atol=0)
    assert len(list(tmp_path.glob('cache/*/*.pth'))) == 2 * 4 and len(list(tmp_path.glob('cache/*'))) == 2

    for teacher in loss.teachers.values():
        teacher._network.forward = None  # every map is read now
    one = flipped(batch, (3,))
    rgb, unflipped = (cached.data_preprocessor.to_rgb(cached.data_preprocessor(x)['inputs']) for x in (one, batch))
    for name, teacher in plain.consistency_losses['distillation'].teachers.items():
        read = loss.teacher_maps(name, rgb, one['data_samples'])
        for found, expected in zip(read, teacher(unflipped), strict=True):
            assert torch.equal(found[:3], expected[:3]) and torch.equal(found[3], expected[3].flip(-1))
    part = {key: values[2:3] for key, values in batch.items()}
    torch.testing.assert_close(distillation(cached, part), distillation(plain, part), rtol=1e-5, atol=0)


def test_a_cache_replaces_damaged_files_and_refuses_other_pixels(tmp_path):
    batch, model = make_batch(), make_model(cache=str(tmp_path))
    expected = distillation(model, batch)
    file = next(tmp_path.glob('*/*.pth'))
    file.write_bytes(file.read_bytes()[:100])  # as after a crash of the machine
    torch.testing.assert_close(distillation(model, batch), expected)
    assert file.stat().st_size > 100
    batch['inputs'][1] = batch['inputs'][1].roll(1, -1)  # a random crop
    with pytest.raises(DataError, match='1.png: its pixels differ from those in the cache'):
        distillation(model, batch)


def test_a_cache_of_mixed_precision_is_not_that_of_float32(tmp_path):
    cached, plain, batch = make_model(cache=str(tmp_path)), make_model(unflip=True), make_batch()
    with torch.autocast('cpu', torch.bfloat16):
        distillation(cached, batch)
    torch.testing.assert_close(distillation(cached, batch), distillation(plain, batch), rtol=1e-6, atol=0)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(distillation(cached, batch), distillation(plain, batch))


def test_without_a_cache_teachers_receive_the_flipped_image():
    model, batch = make_model(), flipped(make_batch(), (0, 1))
    plain = {'inputs': batch['inputs'], 'data_samples': make_batch()['data_samples']}
    torch.testing.assert_close(distillation(model, batch), distillation(model, plain))
    unflipped = make_model(unflip=True)
    rgb = model.data_preprocessor.to_rgb(model.data_preprocessor(batch)['inputs'])
    for name in TEACHERS:
        seen, turned = (
            m.consistency_losses['distillation'].teacher_maps(name, rgb, batch['data_samples'])
            for m in (model, unflipped)
        )
        for one, other in zip(seen, turned, strict=True):
            torch.testing.assert_close(one[2:], other[2:])
            assert not torch.allclose(one[:2], other[:2], rtol=1e-2, atol=1e-2)


def test_no_task_needs_labels_in_the_first_stage():
    losses = [make_model(without_tasks=choice).consistency_losses['distillation'] for choice in (True, False)]
    assert [loss.supervised_tasks() for loss in losses] == [{'depth', 'normal'}, set()]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(teachers={'one': TEACHERS['one']}), 'teachers are one, but SAK imitates one, two'),
        (dict(backbone=dict(type=SegNet, widths=(4, 6))), 'SegNet imitates none'),
        (dict(cosine=1.2), 'cosine must be from 0 to 1'),
        (dict(cosine=-1.0), 'cosine must be a number >= 0'),
    ],
)
def test_invalid_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make_model(**options)


def test_other_preprocessors_are_refused():
    with pytest.raises(ConfigError, match='must be a ViewPreprocessor or a subclass of it, found BaseDataPreprocessor'):
        make_model(preprocessor=dict(type='mmengine.BaseDataPreprocessor'))


def test_other_channels_are_reported_before_the_training():
    teachers = TEACHERS | {'two': dict(model_name='test_vit', out_indices=(0, 1, 1), pretrained=False)}
    with pytest.raises(ConfigError, match=r'teachers.two: test_vit returns maps of \(64, 64, 64\) channels'):
        make_model(teachers).init_weights()
