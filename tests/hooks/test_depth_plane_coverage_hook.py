"""Views whose depth no plane reaches are told by name, once; others, and lone views, are not."""

import warnings
from types import SimpleNamespace

import pytest
import torch
from mmengine.structures import PixelData

from mmmtl.hooks import DepthPlaneCoverageHook
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth


def runner(depth_range: tuple[float, float] | None) -> SimpleNamespace:
    neck = SimpleNamespace(depth_range=depth_range) if depth_range else None
    return SimpleNamespace(model=SimpleNamespace(tasks={'depth': Depth('depth')}, neck=neck))


def batch(metres: float, views: int = 2, name: str = 'hall') -> dict:
    samples = []
    for view in range(views):
        sample = MultiTaskDataSample(metainfo={'view': view, 'num_views': views, 'img_path': f'{name}/{view}.jpg'})
        sample.gt = PixelData(depth=torch.full((1, 4, 5), metres))
        samples.append(sample)
    return {'data_samples': samples}


def told(
    hook: DepthPlaneCoverageHook, running: SimpleNamespace, data: dict, step: str = 'before_train_iter'
) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        getattr(hook, step)(running, 0, data)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize('step', ['before_train_iter', 'before_val_iter', 'before_test_iter'])
def test_each_view_once(step):
    hook, running = DepthPlaneCoverageHook(), runner((0.5, 10))
    first = told(hook, running, batch(30.0), step)
    assert [text.split(':')[0] for text in first] == ['hall/0.jpg', 'hall/1.jpg']
    assert '30 m' in first[0] and '0.5 m to 10 m' in first[0]
    assert told(hook, running, batch(30.0), step) == []


def test_silence_where_nothing_is_wrong_or_nothing_is_swept():
    for running, data in (
        (runner((0.5, 10)), batch(2.0)),
        (runner((0.5, 10)), batch(30.0, views=1)),
        (runner(None), batch(30.0)),
        (runner((0.5, 10)), batch(0.0)),
    ):
        assert told(DepthPlaneCoverageHook(), running, data) == []
    unlabelled = batch(30.0)
    for sample in unlabelled['data_samples']:
        sample.gt = PixelData()
    assert told(DepthPlaneCoverageHook(), runner((0.5, 10)), unlabelled) == []
