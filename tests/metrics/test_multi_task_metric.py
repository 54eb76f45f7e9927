"""MultiTaskMetric: published numbers image by image, absent labels omitted, two processes equal to one."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.structures import PixelData
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.metrics import MultiTaskMetric
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Edge, Normal, Saliency, SemSeg

CLASSES = [str(i) for i in range(13)]
TASKS = dict(
    semseg=dict(type=SemSeg, classes=CLASSES),
    depth=dict(type=Depth),
    normal=dict(type=Normal),
    edge=dict(type=Edge, annotators=2, suppress=False),
    saliency=dict(type=Saliency),
)
GOLDEN = Path(__file__).parents[1] / 'golden' / 'mtpsl_segnet_shared.npz'


def score(samples: list[MultiTaskDataSample], **kwargs) -> dict[str, float]:
    """Fed one by one, in the form in which MMEngine's evaluator does it."""
    metric = MultiTaskMetric(TASKS, **kwargs)
    for sample in samples:
        metric.process({}, [sample.to_dict()])
    return metric.evaluate(len(samples))


def make_samples(count: int = 4) -> list[MultiTaskDataSample]:
    """Images of unequal size with unequal labels; only image 3 has normals and saliency, 0 and 2 have edges."""
    torch.manual_seed(0)
    samples = []
    for number in range(count):
        size = 4 + number, 6
        known = torch.rand(1, *size) < 0.7
        labels = {'semseg': torch.where(known, torch.randint(13, (1, *size)), 255)}
        if number != 1:
            labels['depth'] = torch.where(known, 0.5 + torch.rand(1, *size), 0)
        if number in (0, 2):
            labels['edge'] = torch.where(known, (torch.rand(2, *size) < 0.4).float(), 255)
        if number == 3:
            labels['saliency'] = torch.where(known, (torch.rand(1, *size) < 0.4).float(), 255)
            labels['normal'] = torch.where(known, F.normalize(torch.randn(3, *size), dim=0), 0)
        pred = PixelData(
            semseg=torch.randint(13, (1, *size)),
            depth=0.5 + torch.rand(1, *size),
            normal=F.normalize(torch.randn(3, *size), dim=0),
            edge=torch.rand(1, *size),
            saliency=torch.rand(1, *size),
        )
        samples.append(MultiTaskDataSample(gt=PixelData(**labels), pred=pred))
    return samples


def test_unscored_tasks_have_no_scores_and_change_no_others():
    samples = make_samples()
    whole, fewer = score(samples), score(samples, unscored=['depth', 'edge'])
    assert fewer == {name: value for name, value in whole.items() if not name.startswith(('depth/', 'edge/'))}
    assert len(fewer) < len(whole)
    with pytest.raises(ConfigError, match='MultiTaskMetric.unscored: unknown tasks hair; the tasks are semseg, depth'):
        score(samples, unscored=['hair'])


def test_the_published_numbers():
    golden = np.load(GOLDEN)
    truth = {
        'semseg': np.where(golden['gt_semantic'] == -1, 255, golden['gt_semantic'])[:, None],
        'depth': golden['gt_depth'],
        'normal': golden['gt_normal'],
    }
    guess = {'semseg': golden['semantic'].argmax(1)[:, None], 'depth': golden['depth'], 'normal': golden['normal']}
    samples = [
        MultiTaskDataSample(
            **{
                field: PixelData(**{name: torch.from_numpy(values[image]) for name, values in maps.items()})
                for field, maps in (('gt', truth), ('pred', guess))
            }
        )
        for image in range(2)
    ]
    scores = score(samples)
    assert (golden['depth'] < 0).any()  # else the clamped measures would not be told from the unclamped one
    for ours, theirs in {
        'semseg/mIoU': 'metric_miou',
        'semseg/pixel_accuracy': 'metric_pixacc',
        'depth/abs': 'metric_depth_abs',
        'depth/rmse': 'metric_depth_rmse',
        'depth/rmse_log': 'metric_depth_log_rmse',
        'depth/abs_rel_unclamped': 'metric_depth_rel_first',
        'normal/mean': 'metric_normal_mean',
        'normal/rmse': 'metric_normal_rmse',
    }.items():
        assert scores[ours] == pytest.approx(float(golden[theirs]), rel=1e-5), ours
    for limit in ('11.25', '22.5', '30'):
        percent = float(golden[f'metric_normal_{limit}'])
        assert 100 * scores[f'normal/within_{limit}'] == pytest.approx(percent, rel=1e-6), limit
    assert scores['normal/median'] == pytest.approx(float(golden['metric_normal_median']), abs=1e-3)


def test_the_order_of_images_does_not_matter():
    samples = make_samples()
    assert score(samples) == pytest.approx(score(samples[::-1]), rel=1e-12, nan_ok=True)


def test_an_image_counts_where_it_has_a_label():
    samples = make_samples()
    scores = score(samples)
    few = score([samples[0], samples[2], samples[3]])
    for name in few:
        if name.startswith(('depth', 'normal')):
            assert scores[name] == few[name]
    assert scores['semseg/mIoU'] != few['semseg/mIoU']


def test_a_task_without_any_label_is_left_out():
    scores = score(make_samples(2))
    assert 'depth/abs_rel' in scores and not [name for name in scores if name.startswith('normal')]
    sample = make_samples(1)[0]
    sample.gt = PixelData(depth=torch.zeros(1, 4, 6))  # a label in which nothing is known is no label
    assert score([sample]) == {}
    assert score([]) == {}


def test_void_predictions_may_be_anything():
    samples = make_samples()
    expected = score(samples)
    for sample in samples:
        if 'depth' in sample.gt:
            sample.pred.depth = torch.where(sample.gt.depth > 0, sample.pred.depth, torch.nan)
    assert score(samples) == pytest.approx(expected, nan_ok=True)


def test_every_evaluation_resets_the_metric():
    metric = MultiTaskMetric(TASKS)
    samples = [sample.to_dict() for sample in make_samples()]
    first, second = ([metric.process({}, part), metric.evaluate(4)][1] for part in (samples, samples[:2]))
    assert first != second
    metric.process({}, samples)
    assert metric.evaluate(4) == pytest.approx(first, nan_ok=True)
    assert metric.evaluate(4) == {}


def test_prefix():
    assert {f'unseen/{name}' for name in score(make_samples())} == set(score(make_samples(), prefix='unseen'))


def test_in_mmengines_evaluator():
    samples = make_samples()
    evaluator = Evaluator(dict(type='mmmtl.MultiTaskMetric', tasks=TASKS))
    evaluator.process(samples[:3], {})
    evaluator.process(samples[3:], {})
    assert evaluator.evaluate(4) == pytest.approx(score(samples), nan_ok=True)


def rank_scores(rank: int) -> dict[str, float]:
    """Rank 0 has three images and no normals, rank 1 has the one with normals."""
    return score(make_samples()[:3] if rank == 0 else make_samples()[3:])


def rank_without_anything(rank: int) -> dict[str, float]:
    """Rank 1 has no image at all."""
    return score(make_samples() if rank == 0 else [])


def both(rank: int) -> tuple[dict[str, float], dict[str, float]]:
    return rank_scores(rank), rank_without_anything(rank)


def test_two_processes_equal_one(tmp_path):
    expected = score(make_samples())
    assert {'normal/median', 'edge/odsF', 'saliency/maxF'} <= set(expected)
    for found in run_in_two(__file__, tmp_path):
        for scores in found:
            assert scores == pytest.approx(expected, rel=1e-12, nan_ok=True)


if __name__ == '__main__':
    work(both)


def test_mmengines_own_evaluation_gives_the_same_and_sums_of_parts_add_up():
    samples = [sample.to_dict() for sample in make_samples()]
    metrics = [MultiTaskMetric(TASKS, prefix='p') for _ in range(4)]
    for metric, part in zip(metrics, (samples, samples, samples[:1], samples[1:]), strict=True):
        for start in range(len(part)):
            metric.process({}, part[start : start + 1])
    plain, ours, *halves = metrics
    joined = ours.compute_metrics([*halves[0].results, *halves[1].results])
    expected = ours.evaluate(4)
    assert BaseMetric.evaluate(plain, 4) == expected
    assert {f'p/{key}': value for key, value in joined.items()} == pytest.approx(expected, rel=1e-12)
