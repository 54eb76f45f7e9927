"""The module that is exported computes the maps of evaluation, for any size of images and maps."""

import pytest
import torch
from small_export import EVERY_KIND, noise_photograph
from small_model import make_model

from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.errors import ConfigError
from mmmtl.export import ExportedNetwork
from mmmtl.models import SizeConstraint
from mmmtl.structures import MultiTaskDataSample


def evaluated(model, image: torch.Tensor, size: tuple[int, int]) -> dict[str, torch.Tensor]:
    sample = MultiTaskDataSample(metainfo=dict(img_shape=tuple(image.shape[1:]), ori_shape=size))
    (sample,) = model.test_step({'inputs': [image], 'data_samples': [sample]})
    return dict(sample.pred.items())


@pytest.mark.parametrize('multiple', [1, 8])
@pytest.mark.parametrize('size', [(24, 32), (33, 19), (11, 70), (100, 61), (9, 7)])
@torch.inference_mode()
def test_maps_are_those_of_evaluation(size, multiple):
    model = make_model(EVERY_KIND).eval()
    model.size_constraint = SizeConstraint(multiple)
    image = to_tensor(noise_photograph(28, 36))[:, :25, :33]
    expected = evaluated(model, image, size)
    maps = dict(zip(EVERY_KIND, ExportedNetwork(model)(image[None], torch.tensor(size)), strict=True))
    for name, values in expected.items():
        found = maps[name]
        if name == 'semseg':
            assert found.dtype == torch.uint8 and (found[0] == values).float().mean() > 0.99
        else:
            torch.testing.assert_close(found[0], values, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_without_a_size_maps_have_that_of_the_image():
    model = make_model(EVERY_KIND).eval()
    images = torch.stack([to_tensor(noise_photograph(seed=seed)) for seed in range(2)])
    expected = ExportedNetwork(model)(images, torch.tensor(images.shape[2:]))
    for size in (None, torch.zeros(2, dtype=torch.int64)):
        for found, values in zip(ExportedNetwork(model)(images, size), expected, strict=True):
            torch.testing.assert_close(found, values)


@torch.inference_mode()
def test_probabilities_of_classes_add_up_to_one():
    model = make_model(EVERY_KIND).eval()
    image = to_tensor(noise_photograph())[None]
    classes, probabilities = ExportedNetwork(model)(image)[0], ExportedNetwork(model, probabilities=True)(image)[0]
    assert probabilities.shape == (1, 4, 60, 80)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(1, 60, 80))
    assert torch.equal(probabilities.argmax(1, keepdim=True), classes.long())


def test_a_network_of_single_images_takes_no_views():
    with pytest.raises(ConfigError, match='views: 2, but this network takes single images'):
        ExportedNetwork(make_model(), views=2)
