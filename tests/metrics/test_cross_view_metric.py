"""Cross-view consistency: the truth agrees with itself, a wrong pose or prediction does not, processes add up."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.structures import PixelData
from two_processes import run_in_two, work

from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import DataError
from mmmtl.metrics import CrossViewMetric
from mmmtl.structures import MultiTaskDataSample
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg
from mmmtl.tasks.depth_view_change import DepthViewChange

TASKS = dict(semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES), depth=dict(type=Depth), normal=dict(type=Normal))


def rooms(cache: Path, scenes: int = 2) -> list[list[MultiTaskDataSample]]:
    """Scenes of two views whose predictions are the truth."""
    dataset = SyntheticRooms(
        split='val',
        scenes=scenes,
        view_mode='all',
        num_views=2,
        size=(96, 120),
        cache=str(cache),
        tasks=TASKS,
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    found = [dataset[index]['data_samples'] for index in range(scenes)]
    for sample in (sample for scene in found for sample in scene):
        sample.pred = PixelData(**dict(sample.gt.items()))
    return found


@pytest.fixture(scope='module')
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('rooms')


@pytest.fixture
def scenes(cache) -> list[list[MultiTaskDataSample]]:
    return rooms(cache)


def score(scenes: list[list[MultiTaskDataSample]], **kwargs) -> dict[str, float]:
    metric = CrossViewMetric(TASKS, **kwargs)
    metric.process({}, [sample.to_dict() for scene in scenes for sample in scene])
    return metric.evaluate(0)


def test_the_truth_agrees_with_itself(scenes):
    scores = score(scenes)
    names = 'semseg_agreement', 'depth_abs_rel', 'normal_angle', 'visible'
    assert set(scores) == {f'cross_view/{name}' for name in names}
    assert scores['cross_view/semseg_agreement'] > 0.98
    assert scores['cross_view/depth_abs_rel'] < 0.006
    assert scores['cross_view/normal_angle'] < 3
    assert scores['cross_view/visible'] > 0.5


def test_a_wrong_pose_does_not(scenes):
    truth = score(scenes)
    turn = torch.eye(4)
    turn[:3, :3] = torch.linalg.matrix_exp(torch.tensor([[0, 0, 0.35], [0, 0, 0], [-0.35, 0, 0]]))
    for scene in scenes:
        scene[1].camera_T_world = turn @ scene[1].camera_T_world
    wrong = score(scenes)
    assert wrong['cross_view/visible'] < 0.4 * truth['cross_view/visible']
    assert wrong['cross_view/normal_angle'] > 15
    assert wrong['cross_view/semseg_agreement'] < 0.7
    assert wrong['cross_view/depth_abs_rel'] > 3 * truth['cross_view/depth_abs_rel']


def test_predictions_are_scored_and_labels_are_not(scenes):
    truth = score(scenes)
    for scene in scenes:
        pred = scene[1].pred
        scene[1].pred = PixelData(depth=1.2 * pred.depth, normal=-pred.normal, semseg=(pred.semseg + 1) % 13)
    scores = score(scenes)
    assert scores['cross_view/visible'] == truth['cross_view/visible']
    assert scores['cross_view/depth_abs_rel'] == pytest.approx(2 * 0.2 / 2.2, abs=0.02)
    assert scores['cross_view/normal_angle'] > 170
    assert scores['cross_view/semseg_agreement'] < 0.05


def test_values_change_with_the_camera(scenes):
    """Depth and normals that are carried over as they are would not agree."""

    class StaysAsItIs(DepthViewChange):
        def to_view(self, values, rays, target_T_source):
            return values

    class Stuck(Depth):
        view_change = StaysAsItIs()

    metric = CrossViewMetric(dict(depth=Stuck('depth')))
    metric.process({}, [sample.to_dict() for sample in scenes[0]])
    assert metric.evaluate(0)['cross_view/depth_abs_rel'] > 5 * score(scenes[:1])['cross_view/depth_abs_rel']


def test_a_prediction_that_is_no_number_shows(scenes):
    scenes[0][0].pred.depth = torch.full_like(scenes[0][0].pred.depth, torch.nan)
    scores = score(scenes)
    assert scores['cross_view/depth_abs_rel'] != scores['cross_view/depth_abs_rel']
    assert scores['cross_view/normal_angle'] < 3


def test_labels_with_gaps_score_as_what_is_labelled(scenes):
    """A label map may be scored like a prediction; where it is void it neither agrees nor disagrees."""
    truth = score(scenes)
    rng = np.random.default_rng(0)
    samples = [sample for scene in scenes for sample in scene]
    gaps = [torch.from_numpy(rng.random((1, 96, 120)) < 0.25) for _ in samples]
    for sample, gap in zip(samples, gaps, strict=True):
        sample.pred = PixelData(
            depth=sample.gt.depth,
            semseg=sample.gt.semseg.masked_fill(gap, 255),
            normal=sample.gt.normal.masked_fill(gap, 0),
        )
    scores = score(scenes)
    for name in ('depth_abs_rel', 'visible'):  # what has no gaps is compared at all visible pixels
        assert scores[f'cross_view/{name}'] == truth[f'cross_view/{name}']
    for sample, gap in zip(samples, gaps, strict=True):  # the same pixels, but hidden by an unknown depth
        sample.pred = PixelData(**dict(sample.gt.items()))
        sample.gt.depth = sample.gt.depth.masked_fill(gap, 0)
    expected = score(scenes)
    for name in ('semseg_agreement', 'normal_angle'):
        assert scores[f'cross_view/{name}'] == pytest.approx(expected[f'cross_view/{name}'], rel=1e-12)
    for sample in samples:
        sample.pred.semseg = torch.full_like(sample.pred.semseg, 255)
    assert set(expected) - set(score(scenes)) == {'cross_view/semseg_agreement'}


def test_a_depth_that_lies_behind_the_camera_is_counted(scenes):
    for scene in scenes:
        scene[1].pred = PixelData(depth=-scene[1].pred.depth, normal=scene[1].gt.normal, semseg=scene[1].gt.semseg)
    assert score(scenes)['cross_view/depth_abs_rel'] == pytest.approx(2, abs=1e-5)


def test_single_views_and_unknown_depth_have_no_score(scenes):
    alone = MultiTaskDataSample(metainfo=dict(view=0, num_views=1), pred=PixelData(depth=torch.ones(1, 2, 2)))
    assert score([[alone], [MultiTaskDataSample()]]) == {}
    expected = score(scenes)
    assert score([[alone], scenes[0], [alone], scenes[1]]) == expected
    for scene in scenes:
        scene[0].gt.depth = torch.zeros_like(scene[0].gt.depth)
    assert score(scenes) == {}


def test_every_evaluation_resets_the_metric_and_has_its_prefix(scenes):
    metric = CrossViewMetric(TASKS, prefix='both')
    for _ in range(2):
        metric.process({}, [sample.to_dict() for sample in scenes[0]])
        scores = metric.evaluate(0)
        assert scores == {f'both{name.removeprefix("cross_view")}': value for name, value in score(scenes[:1]).items()}


def test_in_mmengines_evaluator(scenes):
    evaluator = Evaluator(dict(type='mmmtl.CrossViewMetric', tasks=TASKS))
    for scene in scenes:
        evaluator.process(scene, {})
    assert evaluator.evaluate(4) == pytest.approx(score(scenes))


def test_invalid_arguments_are_errors(scenes):
    first, second = scenes[0]
    with pytest.raises(DataError, match=r'expected 2 views of one scene in a row, found \[1\]'):
        score([[second]])
    metric, views = CrossViewMetric(TASKS), [first.to_dict(), second.to_dict()]
    del views[1]['camera_T_world']
    with pytest.raises(DataError, match=r'1_image.png: views cannot be compared without camera_T_world'):
        metric.process({}, views)
    views[0]['gt'] = {}
    with pytest.raises(DataError, match='without true depth; load them in the pipeline'):
        metric.process({}, views)


def rank_scores(rank: int) -> tuple[dict[str, float], dict[str, float]]:
    """A scene each; then both for rank 0 and nothing for rank 1."""
    both = rooms(Path(os.environ['ROOMS']))
    return score(both[rank : rank + 1]), score(both if rank == 0 else [])


def test_two_processes_equal_one(scenes, cache, tmp_path, monkeypatch):
    monkeypatch.setenv('ROOMS', str(cache))
    for found in run_in_two(__file__, tmp_path):
        for scores in found:
            assert scores == pytest.approx(score(scenes), rel=1e-9)


if __name__ == '__main__':
    work(rank_scores)


def test_mmengines_own_evaluation_gives_the_same(scenes):
    metric = CrossViewMetric(dict(depth=Depth('depth')))
    for scene in scenes:
        metric.process({}, [sample.to_dict() for sample in scene])
    found = BaseMetric.evaluate(metric, 4)
    assert found == {name: value for name, value in score(scenes).items() if 'depth' in name or 'visible' in name}
