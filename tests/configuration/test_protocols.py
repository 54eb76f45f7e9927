"""Every shipped recipe follows its protocol, and every protocol gives a whole evaluation."""

import warnings
from pathlib import Path

import pytest
from mmengine.config import Config

from mmmtl.apis import load_config
from mmmtl.configuration.departures import departures
from mmmtl.configuration.protocol import EVALUATION
from mmmtl.configuration.protocols import PROTOCOLS, compared_metrics, protocol_of
from mmmtl.configuration.recipes import all_recipes, recipe_name
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import build_tasks

ROOT = Path(__file__).parents[2] / 'configs'
ROOMS = ROOT / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'
MIXED = ROOT / 'baseline' / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py'


@pytest.mark.parametrize('path', all_recipes(ROOT), ids=recipe_name)
def test_every_recipe_names_a_protocol_and_follows_it(path):
    with warnings.catch_warnings():
        warnings.filterwarnings('error', message='.*protocol')
        config = load_config(path)
    # a training without labels is not evaluated
    assert protocol_of(config) is not None or config.val_dataloader is None
    assert departures(config) == []


@pytest.mark.parametrize('name', PROTOCOLS)
def test_a_protocol_gives_an_evaluation_and_a_metric_of_each_task(name):
    protocol = PROTOCOLS[name]
    given = protocol.evaluation()
    tasks = build_tasks(given['tasks'])
    assert tuple(given) == EVALUATION and protocol.about and set(protocol.compared) <= set(tasks)
    for task in tasks.values():
        known = task.compute_metrics(MultiTaskMetric.zero_sums(task))
        assert protocol.compared.get(task.name, task.primary_metric) in known


def test_the_evaluations_of_all_protocols_differ():
    assert len({protocol.digest() for protocol in PROTOCOLS.values()}) == len(PROTOCOLS) == 28


def test_the_compared_metric_is_the_protocols_or_the_primary_one():
    config = load_config(ROOMS)
    scores = ['semseg/mIoU', 'depth/abs', 'depth/abs_rel', 'depth/abs_rel_unclamped', 'normal/mean', 'normal/median']
    assert compared_metrics(config, scores) == {'semseg/mIoU': True, 'depth/abs_rel': False, 'normal/mean': False}
    config.protocol = 'nyuv2-13/mtan'
    assert compared_metrics(config, scores) == {'semseg/mIoU': True, 'depth/abs': False, 'normal/mean': False}
    assert compared_metrics(Config(), scores) == {}
    scores = ['camvid/semseg/mIoU', 'two_view/depth/abs_rel', 'two_view/depth/rmse', 'bsds500/edge/odsF']
    assert compared_metrics(load_config(MIXED), scores) == {scores[0]: True, scores[1]: False, scores[3]: True}
