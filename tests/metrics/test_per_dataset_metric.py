"""Each part judged by itself: the scores are those of the part alone, also over two processes."""

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.structures import PixelData
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.metrics import MultiTaskMetric, PerDatasetMetric
from mmmtl.registry import METRICS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes=['a', 'b', 'c']), 'depth': Depth('depth')}


def sample(dataset: str, seed: int) -> dict:
    generator = torch.Generator().manual_seed(seed)
    made = MultiTaskDataSample(metainfo={'dataset': dataset})
    classes = [torch.randint(3, (1, 4, 5), generator=generator) for _ in range(2)]
    depths = [torch.rand(1, 4, 5, generator=generator) + 0.5 for _ in range(2)]
    made.gt = PixelData(**({'semseg': classes[0]} if dataset == 'street' else {'depth': depths[0]}))
    made.pred = PixelData(semseg=classes[1], depth=depths[1])
    return made.to_dict()


def metric(**parts) -> PerDatasetMetric:
    parts = parts or dict(
        street=dict(type='mmmtl.MultiTaskMetric', tasks=TASKS), rooms=[dict(type='mmmtl.MultiTaskMetric', tasks=TASKS)]
    )
    built = PerDatasetMetric(parts)
    built.dataset_meta = {'parts': ('street', 'rooms', 'unjudged')}
    return built


def test_the_scores_are_those_of_the_part_alone():
    samples = [sample(('street', 'rooms', 'unjudged')[seed % 3], seed) for seed in range(9)]
    mixed = metric()
    for start in range(0, 9, 2):
        mixed.process({}, samples[start : start + 2])
    scores = mixed.evaluate(9)
    expected = {}
    for name in ('street', 'rooms'):
        alone = MultiTaskMetric(TASKS, prefix=name)
        alone.process({}, [one for one in samples if one['dataset'] == name])
        expected |= alone.evaluate(3)
    assert scores == pytest.approx(expected, nan_ok=True)
    assert 'street/semseg/mIoU' in scores and 'rooms/depth/rmse' in scores
    assert not any(name.startswith(('unjudged', 'street/depth', 'rooms/semseg')) for name in scores)


def test_a_second_evaluation_resets_the_metric():
    mixed = metric()
    mixed.process({}, [sample('street', 0)])
    first = mixed.evaluate(1)
    assert mixed.evaluate(1) == {}
    mixed.process({}, [sample('street', 0)])
    assert mixed.evaluate(1) == pytest.approx(first, nan_ok=True)


def test_a_part_that_the_data_set_lacks_is_an_error():
    built = PerDatasetMetric(dict(street=dict(type='mmmtl.MultiTaskMetric', tasks=TASKS)))
    with pytest.raises(ConfigError, match='names street, but the parts of the dataset are rooms'):
        built.dataset_meta = {'parts': ('rooms',)}
    with pytest.raises(ConfigError, match='not a ConcatDataset'):
        built.dataset_meta = {'tasks': {}}


@METRICS.register_module()
class HowMany(BaseMetric):
    """Counts the samples that MMEngine collects from all processes."""

    def process(self, data_batch: object, data_samples: list) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list) -> dict:
        return {'samples': len(results)}


def scores_of_one_rank(rank: int, world_size: int = 2) -> dict[str, float]:
    """Seven samples shared by the ranks; the only image of rooms falls to rank 0."""
    samples = [sample('rooms' if seed == 0 else 'street', seed) for seed in range(7)]
    both = metric(
        **{
            name: [dict(type='mmmtl.MultiTaskMetric', tasks=TASKS), dict(type='HowMany')]
            for name in ('street', 'rooms')
        }
    )
    for one in samples[rank::world_size]:
        both.process({}, [one])
    return both.evaluate(7)


def test_two_processes_score_as_one(tmp_path):
    alone = scores_of_one_rank(0, world_size=1)
    first, second = run_in_two(__file__, tmp_path)
    assert first == pytest.approx(alone, nan_ok=True) and second == pytest.approx(alone, nan_ok=True)
    assert alone['street/samples'] == 6 and alone['rooms/samples'] == 1


if __name__ == '__main__':
    work(scores_of_one_rank)


def test_mmengines_own_evaluation_gives_the_same():
    samples = [sample(('street', 'rooms', 'unjudged')[seed % 3], seed) for seed in range(9)]
    plain, ours = metric(), metric()
    for one in (plain, ours):
        for start in range(0, 9, 2):
            one.process({}, samples[start : start + 2])
    assert BaseMetric.evaluate(plain, 9) == pytest.approx(ours.evaluate(9), nan_ok=True)
