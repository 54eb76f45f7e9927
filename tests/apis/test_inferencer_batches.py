"""Many images: in batches, from generators without keeping them, and averaged."""

import gc
import itertools
import weakref

import numpy as np
import pytest
from noise_images import noise, write
from PIL import Image

from mmmtl.apis import Averaging, MultiTaskInferencer
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.errors import ConfigError, DataError
from mmmtl.structures import MultiTaskDataSample

SIZES = [(20, 30), (33, 21), (20, 30), (20, 30), (40, 60)]


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert (found['semseg'] == expected['semseg']).mean() > 0.999
    for name in ('depth', 'normal'):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-3)


@pytest.mark.parametrize('batch_size', [2, 3, 10])
def test_batches_of_several_sizes(infer, batch_size, tmp_path):
    images = [noise(*size, seed) for seed, size in enumerate(SIZES)]
    for index, image in enumerate(images):
        write(tmp_path / f'{index}.png', image)
    expected = [infer(image) for image in images]
    mixed = [images[0], Image.fromarray(images[1]), tmp_path / '2.png', str(tmp_path / '3.png'), images[4]]
    results = (
        infer(images, batch_size=batch_size),
        infer((image for image in mixed), batch_size=batch_size),
        [*infer.predict_each(iter(mixed), batch_size=batch_size)],
        [*infer(tmp_path, batch_size=batch_size).values()],
    )
    for found in results:
        for maps, single in zip(found, expected, strict=True):
            assert_same(maps, single)


@pytest.mark.parametrize('batch_size', [1, 3])
def test_a_generator_is_consumed_batch_by_batch_and_nothing_is_kept(infer, batch_size):
    alive: set[int] = set()
    most = 0

    def images():
        nonlocal most
        for index in itertools.count():
            image = noise(20, 30, index)
            alive.add(index)
            weakref.finalize(image, alive.discard, index)
            most = max(most, len(alive))
            yield image

    results = infer.predict_each(images(), batch_size=batch_size)  # endless
    kept = [weakref.ref(next(results)['depth']) for _ in range(12)]
    gc.collect()
    assert most <= 2 * batch_size + 1
    assert sum(reference() is not None for reference in kept) <= 1


def test_intrinsics_of_all_images_of_a_generator(infer):
    camera = np.array([[50.0, 0, 15], [0, 50, 10], [0, 0, 1]])
    (found,) = infer.predict_each([noise(20, 30)], intrinsics=camera)
    np.testing.assert_array_equal(found['depth'], infer(noise(20, 30), intrinsics=camera)['depth'])


def test_intrinsics_by_the_size_of_each_image(infer):
    images = [noise(20, 30), noise(30, 20)]

    def camera(size: tuple[int, int]) -> np.ndarray:
        return np.array([[2.0 * size[1], 0, size[1] / 2], [0, 2.0 * size[1], size[0] / 2], [0, 0, 1]])

    expected = infer(images, intrinsics=[camera(image.shape[:2]) for image in images])
    for found, maps in zip(infer.predict_each(images, camera, batch_size=2), expected, strict=True):
        np.testing.assert_array_equal(found['depth'], maps['depth'])


def test_a_damaged_image_of_a_generator_is_named_after_those_before_it(infer, tmp_path):
    (tmp_path / 'b.png').write_bytes(b'no image')
    results = infer.predict_each([noise(20, 30), tmp_path / 'b.png'])
    next(results)
    with pytest.raises(DataError, match='b.png: cannot be read'):
        next(results)


def test_batches_have_an_image(infer):
    with pytest.raises(ConfigError, match='batch_size must be at least 1, found 0'):
        infer([noise(20, 30)], batch_size=0)


@pytest.mark.parametrize('size', [(300, 400), (96, 128), (50, 40), (1, 1)])
def test_averages_of_a_network_are_predictions(weights, size):
    averaging = Averaging(flip=True, scales=(0.75, 1.25), window_tasks=('semseg', 'normal'))
    infer = MultiTaskInferencer('baseline/aspp_resnet18_b8_2e_rooms_full', weights, averaging=averaging)
    maps = infer(noise(*size))
    assert {name: (values.shape, values.dtype) for name, values in maps.items()} == {
        'semseg': (size, np.int64),
        'depth': (size, np.float32),
        'normal': ((*size, 3), np.float32),
    }
    assert (maps['depth'] > 0).all() and 0 <= maps['semseg'].min() <= maps['semseg'].max() < 13
    np.testing.assert_allclose(np.linalg.norm(maps['normal'], axis=-1), 1, atol=1e-4)


def test_averaging_over_a_single_prediction_is_that_prediction(infer, weights):
    """Two passes at the scale trained for, added up."""
    image = noise(96, 128)
    averaged = MultiTaskInferencer(
        'baseline/aspp_resnet18_b8_2e_rooms_full', weights, averaging=Averaging(scales=(1.0, 1.0))
    )(image)
    single = infer(image)
    assert (averaged['semseg'] == single['semseg']).mean() > 0.999
    np.testing.assert_allclose(averaged['depth'], np.maximum(single['depth'], 1e-9), atol=1e-4)
    np.testing.assert_allclose(averaged['normal'], single['normal'], atol=1e-3)


def test_evaluation_never_averages(weights):
    """The steps of validation and test of a model do not depend on the averages of an inferencer."""
    maps = []
    for averaging in (None, Averaging(flip=True, scales=(0.5, 1.0), window_tasks=('depth',))):
        infer = MultiTaskInferencer('baseline/aspp_resnet18_b8_2e_rooms_full', weights, averaging=averaging)
        sample = MultiTaskDataSample(metainfo={'img_shape': (96, 128)})
        (sample,) = infer.model.test_step({'inputs': [to_tensor(noise(96, 128))], 'data_samples': [sample]})
        maps.append(sample.pred.depth.detach().numpy())
    np.testing.assert_array_equal(*maps)


def test_averaging_over_an_unknown_task_is_refused(weights):
    with pytest.raises(ConfigError, match="window_tasks: no task 'edge'; the network predicts semseg, depth, normal"):
        MultiTaskInferencer(
            'baseline/aspp_resnet18_b8_2e_rooms_full', weights, averaging=Averaging(window_tasks=('edge',))
        )
