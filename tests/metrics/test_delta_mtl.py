"""Delta_MTL: published rows, directions, and invalid arguments."""

import pytest

from mmmtl.errors import ConfigError
from mmmtl.metrics import delta_mtl, primary_metrics, relative_gains
from mmmtl.tasks import Depth, SemSeg

NYU = {'semseg/mIoU': True, 'depth/rmse': False, 'normal/mean': False, 'edge/odsF': True}
PASCAL = {'semseg/mIoU': True, 'human_parts/mIoU': True, 'saliency/maxF': True, 'normal/mean': False, 'edge/odsF': True}
NYU_BASE = (51.15, 0.5792, 19.77, 77.35)
VIDEO = (63.68, 0.4113, 15.53, 80.10)
PASCAL_BASE, PASCAL_LARGE = (80.25, 70.54, 84.54, 13.57, 74.22), (81.61, 72.77, 83.80, 13.87, 75.24)


@pytest.mark.parametrize(
    ('metrics', 'single', 'row', 'published'),
    [
        (NYU, NYU_BASE, (59.93, 0.4942, 17.60, 78.60), 11.11),
        (NYU, NYU_BASE, (49.27, 0.5823, 19.92, 75.88), -1.72),
        (NYU, NYU_BASE, (55.03, 0.5186, 18.49, 77.97), 6.33),
        (NYU, VIDEO, (64.03, 0.3954, 15.35, 80.52), 1.52),
        (NYU, VIDEO, (64.25, 0.3952, 15.24, 80.15), 1.68),
        (NYU, VIDEO, (65.27, 0.3836, 15.35, 81.69), 3.09),
        (PASCAL, PASCAL_BASE, (76.76, 65.26, 84.39, 13.98, 70.37), -4.04),
        (PASCAL, PASCAL_BASE, (81.88, 74.30, 84.79, 14.02, 74.09), 0.83),
        (PASCAL, PASCAL_LARGE, (84.01, 76.99, 84.65, 13.82, 76.27), 2.30),
    ],
)
def test_published_rows(metrics, single, row, published):
    scores, single = dict(zip(metrics, row, strict=True)), dict(zip(metrics, single, strict=True))
    assert round(delta_mtl(scores, single, metrics), 2) == published


def test_gains_point_to_the_better():
    gains = relative_gains({'a': 1.1, 'b': 0.9, 'other': 3}, {'a': 1.0, 'b': 1.0}, {'a': True, 'b': False})
    assert gains == pytest.approx({'a': 10, 'b': 10})
    assert delta_mtl({'a': 1.0}, {'a': 1.0}, {'a': True}) == 0


def test_primary_metrics_of_tasks():
    tasks = {'seg': SemSeg('seg', ('a', 'b')), 'depth': Depth('depth')}
    assert primary_metrics(tasks) == {'seg/mIoU': True, 'depth/abs_rel': False}


def test_invalid_arguments_are_errors():
    with pytest.raises(ConfigError, match='the single-task scores lack b; they have a'):
        delta_mtl({'a': 1, 'b': 1}, {'a': 1}, {'a': True, 'b': True})
    with pytest.raises(ConfigError, match='the scores lack a; they have none'):
        delta_mtl({}, {'a': 1}, {'a': True})
    with pytest.raises(ConfigError, match='the single-task score a is 0'):
        delta_mtl({'a': 1}, {'a': 0}, {'a': True})
    with pytest.raises(ConfigError, match='name at least one metric'):
        delta_mtl({}, {}, {})
