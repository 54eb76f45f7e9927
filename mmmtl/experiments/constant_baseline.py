"""What a prediction scores that has not looked at the image: the row that every table should hold."""

from collections.abc import Iterator, Mapping

from mmengine.config import Config

from mmmtl.datasets import MultiTaskDataset
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.metrics import MultiTaskMetric, constant_maps
from mmmtl.registry import DATASETS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import build_tasks

AS_IT_IS = [dict(type=LoadViews), dict(type=PackViews)]


def constant_baseline(config: Config) -> dict[str, float]:
    """Scores on the test split of the training set's mean, or most frequent class, at each pixel.

    Training images are taken as the test loader's pipeline would give them, test images are judged by the map of their
    own size. Of a mixed data set every part is judged by itself, ``{part}/{task}/{measure}``.

    Raises:
        ConfigError: A test image has a size that no labelled training image has.
    """
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    if 'parts' not in test:
        return dataset_scores(config.tasks, train, test)
    return {
        f'{name}/{key}': value
        for name, part in test.parts.items()
        if name in train.parts
        for key, value in dataset_scores(config.tasks, train.parts[name], part).items()
    }


def dataset_scores(tasks: Mapping[str, dict], train: dict, test: dict) -> dict[str, float]:
    """The scores of one data set, ``{task}/{measure}``."""
    tasks = build_tasks(tasks)
    pipeline = test.get('pipeline', AS_IT_IS)
    training_set: MultiTaskDataset = DATASETS.build({**train, 'pipeline': pipeline, 'tasks': tasks})
    maps = constant_maps(samples_of(training_set), tasks)
    metric = MultiTaskMetric(tasks)
    test_set: MultiTaskDataset = DATASETS.build({**test, 'tasks': tasks})
    for sample in samples_of(test_set):
        if sample.own_shape not in maps:
            raise ConfigError(
                f'{sample.img_path}: no training image of {training_set} has its size '
                f'{sample.own_shape}; give both loaders one size'
            )
        known = maps[sample.own_shape]
        for name in set(known) & set(sample.gt.keys()):
            metric.add(name, tasks[name].metric_sums(known[name][None], sample.gt.get(name)[None]))
    return metric.evaluate(len(test_set))


def samples_of(dataset: MultiTaskDataset) -> Iterator[MultiTaskDataSample]:
    """Every view of every record, once."""
    for index in range(len(dataset)):
        yield from dataset[index]['data_samples']
