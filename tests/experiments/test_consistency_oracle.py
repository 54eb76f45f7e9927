"""The oracle of consistency losses: conditions, a loss that compares all labels, a constant one, unchanged training."""

import inspect
import json

import pytest
import torch
from oracle_run import Constant, replace_loss, runner
from tool_process import CONFIGS
from torch import Tensor

from mmmtl.cli.main import main
from mmmtl.errors import ConfigError
from mmmtl.experiments.consistency_oracle import (
    ConsistencyOracleHook,
    condition_losses,
    pretrain_on_labels,
)
from mmmtl.experiments.label_batches import label_batch
from mmmtl.experiments.label_changes import CONDITIONS
from mmmtl.experiments.oracle_figures import cosine_table, draw_oracle, oracle_table
from mmmtl.models import consistency_losses
from mmmtl.models.consistency_losses import ConsistencyLoss

pytestmark = pytest.mark.usefixtures('rooms_cache')


class ComparesHiddenLabels(ConsistencyLoss):
    """Compare each prediction with its own label, which the model does not get."""

    def forward(self, logits: dict, targets: dict, features: tuple, samples: list) -> Tensor:
        (shown,) = {name for sample in samples for name in sample.gt.keys()}  # noqa: SIM118
        self.shown = [*getattr(self, 'shown', ()), shown]
        errors = [
            (self.tasks[name].activate(logits[name]) - self.tasks[name].to_values(self.truth[name])).abs().mean()
            for name in logits
            if name != shown
        ]
        return sum(errors)


def test_a_loss_that_compares_hidden_labels_and_a_constant_one(tmp_path):
    run = runner(tmp_path)
    model = replace_loss(run, ComparesHiddenLabels)
    batch = label_batch(run.cfg, model, 4)
    assert len(batch.samples) == 4 and len(batch.images) == 4  # of two crops, the second ones
    assert all(sample.supervision_role == 'consistency' for sample in batch.samples)
    model.consistency_losses['tie'].truth = batch.targets
    losses = condition_losses(model, 'tie', batch)
    assert set(losses) == {*CONDITIONS, 'predicted'}
    assert set(model.consistency_losses['tie'].shown) == set(model.tasks)
    assert losses['true'] < 1e-3
    assert all(losses[name] > 0.05 for name in losses if name != 'true'), losses
    assert set(condition_losses(replace_loss(run, Constant), 'tie', batch).values()) == {1.0}


@pytest.mark.parametrize('channels', [1, 3])
def test_each_condition_changes_the_labels_as_named(channels):
    values = torch.rand(2, channels, 16, 24)
    changed = {name: change(values) for name, change in CONDITIONS.items()}
    assert all(result.shape == values.shape for result in changed.values())
    assert torch.equal(changed['true'], values) and torch.equal(changed['shuffled'], values.flip(0))
    assert torch.equal(changed['scaled'], 1.5 * values if channels == 1 else values)
    assert torch.equal(changed['moved'][:, :, 2:, 3:], values[:, :, :-2, :-3])
    torch.testing.assert_close(changed['smoothed'][0, 0, 8, 12], values[0, 0, 6:11, 10:15].mean())
    assert changed['constant'].std((2, 3)).max() == 0
    assert not torch.equal(changed['permuted'], values)


def test_the_training_is_the_same_bit_for_bit(tmp_path):
    plain = runner(tmp_path / 'plain')
    plain.train()
    hook = ConsistencyOracleHook('tie', 2, 4)
    measured = runner(tmp_path / 'measured', hook)
    measured.train()
    for (name, one), other in zip(plain.model.state_dict().items(), measured.model.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert list(hook.curve) == [0, 2, 3]
    assert len({loss for losses in hook.curve.values() for loss in losses.values()}) > 10
    assert list(hook.cosines) == [0, 2, 3] and len(hook.cosines[0]) == 2 * len(measured.model.tasks)
    assert all(0 < abs(cosine) < 1 for cosines in hook.cosines.values() for cosine in cosines.values())


def test_pretraining_changes_the_mapping_alone_and_lowers_the_loss(tmp_path):
    run = runner(tmp_path)
    model, before = run.model.train(), {name: value.clone() for name, value in run.model.state_dict().items()}
    batch = label_batch(run.cfg, model, 4)
    first = condition_losses(model, 'tie', batch)['true']
    pretrain_on_labels(run.cfg, model, 'tie', 8, lr=0.01)
    assert condition_losses(model, 'tie', batch)['true'] < first - 0.05
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    names = {name for name, _ in model.named_parameters() if name.startswith('consistency_losses.tie')}
    assert changed and changed <= names


def test_a_missing_label_is_one_clear_line(tmp_path):
    run = runner(tmp_path)
    run.cfg.train_dataloader.dataset.tasks.pop('normal')
    with pytest.raises(ConfigError, match='has no label of normal, but the oracle needs the labels of all tasks'):
        label_batch(run.cfg, run.model, 4)


def test_table_and_drawing(tmp_path):
    curve = {
        step: {'predicted': 3.0, 'true': 2.0 / (1 + step), 'shuffled': 2.5, 'constant': 1.0} for step in (0, 5, 10, 12)
    }
    assert oracle_table(curve).splitlines()[:4] == [
        '| labels as predictions | iteration 0 | iteration 10 | iteration 12 |',
        '| --- | ---: | ---: | ---: |',
        '| true | 2.0000 | 0.1818 | 0.1538 |',
        '| predicted | 3.0000 (+50.0 %) | 3.0000 (+1550.0 %) | 3.0000 (+1850.0 %) |',
    ]
    cosines = {step: {'depth/prediction': 0.5, 'depth/parameters': -0.25} for step in curve}
    assert cosine_table(cosines).splitlines() == [
        '| cosine with the loss of the task | iteration 0 | iteration 10 | iteration 12 |',
        '| --- | ---: | ---: | ---: |',
        '| depth, prediction | +0.500 | +0.500 | +0.500 |',
        '| depth, parameters | -0.250 | -0.250 | -0.250 |',
    ]
    draw_oracle(tmp_path / 'oracle.png', curve, cosines, 'tie')
    assert (tmp_path / 'oracle.png').stat().st_size > 5000


def test_as_a_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tie = "model.consistency_losses.tie=dict(type='mmmtl.CrossTaskConsistency', space=dict(widths=(6, 32)))"
    config = str(CONFIGS / 'tiny_rooms.py')
    files = ['--curves', 'new/oracle.json', '--out', 'new/oracle.png']
    main(['consistency-oracle', config, '--interval', '2', '--images', '4', *files, '--cfg-options', tie])
    printed = capsys.readouterr().out
    assert '| true |' in printed and '| depth, prediction | ' in printed
    curves = json.loads((tmp_path / 'new' / 'oracle.json').read_text())
    assert list(curves['cosines']) == list(curves['losses'])
    assert set(curves['losses']['0']) == {*CONDITIONS, 'predicted'} and (tmp_path / 'new' / 'oracle.png').exists()
    for wrong, message in (
        ([], 'has no consistency loss; choose a config with model.consistency_losses'),
        (['--loss', 'tei', '--cfg-options', tie], 'tiny_rooms.py, one of tie; found tei'),
        (['--save', 'a.pth', '--cfg-options', tie], '--save needs --pretrain N'),
        (['--curves', 'a.csv', '--cfg-options', tie], 'a.csv: expected a file name that ends in .json'),
    ):
        with pytest.raises(SystemExit):
            main(['consistency-oracle', config, *wrong])
        assert message in capsys.readouterr().err


def test_pretrained_weights_are_saved_loaded_and_kept(tmp_path):
    file = str(tmp_path / 'space.pth')
    hook = ConsistencyOracleHook('tie', 2, 4, pretrain=2, save=file)
    runner(tmp_path / 'first', hook).train()
    saved = torch.load(file, weights_only=True)['state_dict']
    tie = dict(
        type='mmmtl.CrossTaskConsistency',
        space=dict(widths=(6, 32)),
        train_space=False,
        init_cfg=dict(type='Pretrained', checkpoint=file),
    )
    run = runner(tmp_path / 'second', None, tie)
    run.train()
    state = run.model.consistency_losses['tie'].state_dict()
    assert set(saved) == set(state) and all(torch.equal(value, state[name]) for name, value in saved.items())


def test_a_loss_without_labels_is_one_clear_line(tmp_path):
    hook = ConsistencyOracleHook('tie', 2, 4)
    with pytest.raises(ConfigError, match='SemiSupervised does not compare predictions of one task with labels'):
        hook.before_train(runner(tmp_path, loss=dict(type='mmmtl.SemiSupervised')))


def test_losses_that_read_further_maps_are_refused():
    """The oracle passes predictions, labels and features only."""
    losses = [kind for _, kind in inspect.getmembers(consistency_losses, inspect.isclass) if hasattr(kind, 'reads')]
    reading = [kind for kind in losses if kind.reads]
    assert consistency_losses.FeatureDistillation in reading and not any(kind.compares_labels for kind in reading)
