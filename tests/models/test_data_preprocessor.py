"""ViewPreprocessor: colours normalised, the order of the views kept, padding at the right and below."""

import numpy as np
import pytest
import torch

from mmmtl.models import ViewPreprocessor
from mmmtl.structures import MultiTaskDataSample

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def views(*sizes: tuple[int, int]) -> dict:
    torch.manual_seed(0)
    samples = [MultiTaskDataSample(metainfo=dict(img_shape=size, view=n)) for n, size in enumerate(sizes)]
    return {'inputs': [torch.randint(256, (3, *size), dtype=torch.uint8) for size in sizes], 'data_samples': samples}


def expected(image: torch.Tensor) -> np.ndarray:
    colours = image.numpy().astype(np.float64).transpose(1, 2, 0) / 255
    return ((colours - MEAN) / STD).transpose(2, 0, 1)


def test_colours_are_normalised_one_by_one():
    data = views((4, 6), (4, 6), (4, 6))
    batch = ViewPreprocessor()(data)
    assert batch['inputs'].shape == (3, 3, 4, 6) and batch['inputs'].dtype == torch.float32
    for image, ours in zip(data['inputs'], batch['inputs'], strict=True):
        np.testing.assert_allclose(ours.numpy(), expected(image), atol=1e-5)
    assert [sample.view for sample in batch['data_samples']] == [0, 1, 2]


@pytest.mark.parametrize(('divisor', 'size'), [(1, (5, 7)), (2, (6, 8)), (32, (32, 32))])
def test_unequal_sizes_are_padded_at_the_right_and_below(divisor, size):
    data = views((5, 4), (3, 7))
    batch = ViewPreprocessor(divisor=divisor)(data)['inputs']
    assert batch.shape == (2, 3, *size)
    for image, ours in zip(data['inputs'], batch, strict=True):
        _, height, width = image.shape
        np.testing.assert_allclose(ours[:, :height, :width].numpy(), expected(image), atol=1e-5)
        assert not ours[:, height:].any() and not ours[:, :, width:].any()


def test_padding_is_the_mean_colour():
    grey = torch.tensor([100, 150, 200], dtype=torch.uint8).view(3, 1, 1).expand(3, 2, 2)
    data = {'inputs': [grey, grey[:, :1]], 'data_samples': [None, None]}
    batch = ViewPreprocessor(mean=(100 / 255, 150 / 255, 200 / 255))(data)['inputs']
    assert batch.abs().max() < 1e-6


def test_one_size_and_unequal_sizes_are_normalised_alike():
    data = views((4, 6), (3, 6))
    together = ViewPreprocessor()(data)['inputs'][0]
    alone = ViewPreprocessor()({name: values[:1] for name, values in data.items()})['inputs'][0]
    torch.testing.assert_close(together, alone)


def test_what_comes_in_stays_as_it_is():
    data = views((4, 6), (3, 6))
    before = [image.clone() for image in data['inputs']]
    ViewPreprocessor()(data)
    assert all(torch.equal(a, b) for a, b in zip(before, data['inputs'], strict=True))


def test_colours_of_a_normalised_batch():
    data = views((4, 6), (4, 6))
    preprocessor = ViewPreprocessor(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    rgb = preprocessor.to_rgb(preprocessor(data)['inputs'])
    torch.testing.assert_close(rgb * 255, torch.stack(data['inputs']).float(), rtol=0, atol=1e-3)


def test_mean_and_deviation_are_no_weights():
    preprocessor = ViewPreprocessor()
    assert not preprocessor.state_dict() and not list(preprocessor.parameters())


@pytest.mark.gpu
def test_all_moves_to_the_gpu():
    data = views((4, 6), (3, 6))
    batch = ViewPreprocessor().to('cuda')(data)
    assert batch['inputs'].is_cuda
    np.testing.assert_allclose(batch['inputs'][0].cpu().numpy(), expected(data['inputs'][0]), atol=1e-5)
