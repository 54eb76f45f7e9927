"""Scores on validation data: of the same training as those on test data, and never mixed with them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tool_process import CONFIGS

from mmmtl.errors import ConfigError
from mmmtl.experiments.evaluated_data import EvaluatedData, validation_digest
from mmmtl.experiments.planned_run import TRAINED, PlannedRun
from mmmtl.experiments.scores import write_scores
from mmmtl.experiments.sweep import train_and_test

pytestmark = pytest.mark.usefixtures('rooms_cache')
SHORT = {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1}


def planned(folder: Path, **options) -> PlannedRun:
    options = SHORT | options
    return PlannedRun(CONFIGS / 'tiny_rooms.py', folder / 'seed_0', 0, options, data=EvaluatedData.VALIDATION)


@pytest.mark.slow
def test_one_training_is_evaluated_on_both_data(tmp_path):
    validation = planned(tmp_path)
    test = replace(validation, data=EvaluatedData.TEST)
    train_and_test([validation])
    assert not test.scores.exists() and not test.is_done()
    checkpoint = test.work_dir / 'epoch_1.pth'
    written = checkpoint.stat().st_mtime_ns
    train_and_test([test])
    assert checkpoint.stat().st_mtime_ns == written and validation.is_done()

    log = min(test.work_dir.glob('*/vis_data/scalars.json'))
    logged = json.loads(log.read_text().splitlines()[-1])
    found = [json.loads(run.scores.read_text()) for run in (validation, test)]
    assert [content['data'] for content in found] == ['validation', 'test']
    assert found[0]['recipe'] == found[1]['recipe']
    scores, other = (content['scores'][TRAINED] for content in found)
    assert scores == {name: pytest.approx(logged[name], rel=1e-6) for name in scores}
    assert scores['depth/abs_rel'] != other['depth/abs_rel']

    validation.scores.unlink()
    checkpoint.unlink()
    with pytest.raises(ConfigError, match=r'metrics\.json: its checkpoint is missing, so validation\.json cannot be'):
        validation.is_done()
    with pytest.raises(ConfigError, match=r'metrics\.json: made with a different recipe than that of'):
        planned(tmp_path, **{'optim_wrapper.optimizer.lr': 0.5}).is_done()


def test_initial_weights_that_changed_between_the_evaluations_are_refused(tmp_path):
    weights = tmp_path / 'weights.pth'
    weights.write_bytes(b'before')
    validation = planned(tmp_path, **{'model.backbone.checkpoint': str(weights)})
    write_scores(validation.scores, {TRAINED: {'depth/abs_rel': 0.2}}, validation.load(), validation.data)
    assert validation.is_done()
    weights.write_bytes(b'after')
    for data in EvaluatedData:
        with pytest.raises(ConfigError, match=r'validation\.json: trained when the file of model\.backbone'):
            replace(validation, data=data).is_done()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict.fromkeys(('val_dataloader', 'val_evaluator', 'val_cfg')), 'there is none, but --val'),
        (
            {'val_dataloader.dataset.split': 'test', 'val_dataloader.batch_size': 3},
            'has the test data, so --val',
        ),
    ],
)
def test_validation_data_must_exist_and_not_be_the_test_data(tmp_path, options, message):
    with pytest.raises(ConfigError, match=rf'tiny_rooms\.py: val_dataloader: {message}'):
        train_and_test([planned(tmp_path, **options)])
    assert not list(tmp_path.iterdir())


def test_the_digest_of_validation_data_depends_only_on_what_can_change_a_score(tmp_path):
    def digest(**options) -> str:
        return validation_digest(planned(tmp_path, **options).load())

    same = {'val_dataloader.batch_size': 3, 'model.backbone.drop_path_rate': 0.5, 'train_dataloader.dataset.scenes': 4}
    assert digest() == digest(**same)
    assert len({digest(), digest(**{'val_dataloader.dataset.scenes': 2}), digest(val_evaluator=[])}) == 3
