"""Scores of a constant prediction, the lower bound for every trained network."""

from collections.abc import Iterator, Mapping

from mmengine.config import Config

from mmmtl.datasets import MultiTaskDataset
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.metrics import MultiTaskMetric, constant_maps
from mmmtl.registry import DATASETS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import build_tasks

DEFAULT_PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


def constant_baseline(config: Config) -> dict[str, float]:
    """Evaluate, on the test split, the mean or most frequent class of the training set at each pixel.

    Training images pass through the test pipeline; there is one constant map per image size. The parts of a dataset of
    several parts are evaluated separately.

    Args:
        config: From `load_config`.

    Returns:
        ``{'{task}/{metric}': score}``, or ``{'{part}/{task}/{metric}': score}``.

    Raises:
        ConfigError: The config has no training or no test data; a test image has a size that no labelled training image
            has; or the test data have parts and the training data have none of the same name.
    """
    for name in ('train_dataloader', 'test_dataloader'):
        if not config.get(name):
            raise ConfigError(f'{name}: the config has none; a constant baseline needs training and test data')
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    if 'parts' not in test and 'parts' not in train:
        return dataset_scores(config.tasks, train, test)
    common = [name for name in test.get('parts', ()) if name in train.get('parts', ())]
    if not common:
        raise ConfigError(
            'test_dataloader.dataset: has no part of the training data; a constant baseline needs training and test '
            'data without parts, or with parts of the same names'
        )
    return {
        f'{name}/{key}': value
        for name, part in test.parts.items()
        if name in common
        for key, value in dataset_scores(config.tasks, train.parts[name], part).items()
    }


def dataset_scores(tasks: Mapping[str, dict], train: dict, test: dict) -> dict[str, float]:
    """Return the scores ``{'{task}/{metric}': score}`` of one dataset.

    Args:
        tasks: Configs of the tasks.
        train: Config of the training dataset.
        test: Config of the test dataset.

    Raises:
        ConfigError: A test image has a size that no labelled training image has.
    """
    built = build_tasks(tasks)
    pipeline = test.get('pipeline', DEFAULT_PIPELINE)
    training_set: MultiTaskDataset = DATASETS.build({**train, 'pipeline': pipeline, 'tasks': built})
    maps = constant_maps(samples_of(training_set), built)
    metric = MultiTaskMetric(built)
    test_set: MultiTaskDataset = DATASETS.build({**test, 'tasks': built})
    for sample in samples_of(test_set):
        if sample.output_shape not in maps:
            raise ConfigError(
                f'{sample.img_path}: no training image of {training_set} has its size '
                f'{sample.output_shape}; resize both to one size'
            )
        constant = maps[sample.output_shape]
        for name in set(constant) & set(sample.gt.keys()):
            metric.add(name, built[name].metric_sums(constant[name][None], sample.gt.get(name)[None]))
    return metric.evaluate(len(test_set))


def samples_of(dataset: MultiTaskDataset) -> Iterator[MultiTaskDataSample]:
    """Yield every view of every record once."""
    for index in range(len(dataset)):
        yield from dataset[index]['data_samples']
