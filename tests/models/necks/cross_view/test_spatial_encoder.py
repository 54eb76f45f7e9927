"""The spatial-aware encoder against the published numbers, and what instance norm promises."""

import pytest
import torch

from mmmtl.errors import ConfigError
from mmmtl.models.necks.cross_view import SpatialEncoder

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


@pytest.mark.parametrize('views', [2, 3])
def test_published_numbers(golden, golden_neck, views):
    images = (golden[f'images_v{views}'][0] - MEAN) / STD
    with torch.no_grad():
        features = golden_neck.spatial_encoder(images)
    reference = golden[f'cnn_v{views}'][0]
    assert (features - reference).abs().max() < 1e-4 * reference.std()


def test_parameters_and_shape():
    encoder = SpatialEncoder()
    assert sum(p.numel() for p in encoder.parameters()) == 1_049_120
    assert encoder(torch.randn(1, 3, 40, 72)).shape == (1, 128, 5, 9)


def test_an_image_does_not_see_the_others_of_its_batch():
    encoder, images = SpatialEncoder(), torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(encoder.train()(images)[:1], encoder.eval()(images[:1]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('stride', [8, 4, 2])
def test_finer_maps_have_the_same_parameters(stride):
    encoder = SpatialEncoder(stride)
    assert {name: p.shape for name, p in encoder.named_parameters()} == {
        name: p.shape for name, p in SpatialEncoder().named_parameters()
    }
    assert encoder(torch.randn(1, 3, 32, 48)).shape == (1, 128, 32 // stride, 48 // stride)
    with pytest.raises(ConfigError, match='stride must be one of'):
        SpatialEncoder(16)
