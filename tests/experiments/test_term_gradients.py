"""Gradients of all terms over a training: against plain backward passes, without changing the training."""

import csv
import json

import pytest
import torch
from tiny_run import tiny_run
from torch.nn.functional import cosine_similarity

from mmmtl.errors import ConfigError
from mmmtl.experiments.term_gradients import (
    TermGradient,
    TermGradientsHook,
    draw_term_gradients,
    term_table,
    write_term_gradients,
)

pytestmark = pytest.mark.usefixtures('rooms_cache')
TASKS = ('semseg', 'depth', 'normal')


def runner(work_dir, hook=None, weight=0.7, **options):
    return tiny_run(
        work_dir,
        {'terms': hook} if hook else None,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel'),
        model__loss_weighting=dict(type='mmmtl.FixedWeighting', weights=dict(normal=2.0)),
        model__consistency_losses=dict(
            tie=dict(type='mmmtl.CrossTaskConsistency', weight=weight, space=dict(widths=(6, 32)))
        ),
        train_cfg__max_epochs=1,
        train_cfg__val_interval=9,
        **options,
    )


def test_the_training_is_the_same_bit_for_bit(tmp_path):
    hook = TermGradientsHook(2)
    plain = runner(tmp_path / 'plain')
    plain.train()
    measured = runner(tmp_path / 'measured', hook)  # which sets the seed anew
    measured.train()
    for (name, one), other in zip(plain.model.state_dict().items(), measured.model.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert [row.iteration for row in hook.rows] == [1] * 4 + [3] * 4
    assert [row.term for row in hook.rows[:4]] == [*TASKS, 'tie']
    assert all(row.weight == pytest.approx(0.7) for row in hook.rows if row.term == 'tie')


def test_by_plain_backward_passes(tmp_path):
    hook = TermGradientsHook(1)
    run = runner(tmp_path, hook, weight=dict(type='mmmtl.GradientShare', share=0.5, interval=1, momentum=0.0))
    model, found = run.model, {}

    def compare(module, inputs, output) -> None:
        """Runs after the first iteration has been measured, on the same graph."""
        if found:
            return
        (losses, present), output_weights = kept['tasks']
        terms = dict(zip(TASKS, losses, strict=True)) | {'tie': kept['tie']}
        weights = dict(zip(TASKS, torch.where(present, output_weights, 0), strict=True))
        for name, loss in terms.items():
            gradients = torch.autograd.grad(
                loss, list(module.backbone.parameters()), retain_graph=True, materialize_grads=True
            )
            found[name] = torch.cat([gradient.flatten() for gradient in gradients])
        found['tasks'] = sum(weights[name] * found[name] for name in TASKS)

    kept = {}
    model.loss_weighting.register_forward_hook(lambda m, i, o: kept.update(tasks=((i[0], i[1]), o[1])))
    model.consistency_losses['tie'].register_forward_hook(lambda m, i, o: kept.update(tie=o))
    model.register_forward_hook(compare)
    run.train()
    rows = {row.term: row for row in hook.rows if row.iteration == 1}
    assert set(rows) == {*TASKS, 'tie'}
    for name, row in rows.items():
        norm = found[name].norm()
        if norm == 0:
            assert row.norm is None and row.cosine is None
            continue
        assert row.norm == pytest.approx(norm.item(), rel=1e-4)
        assert row.cosine == pytest.approx(cosine_similarity(found[name], found['tasks'], dim=0).item(), abs=1e-4)
        assert row.share == pytest.approx((row.weight * norm / found['tasks'].norm()).item(), rel=1e-4)
    assert rows['normal'].weight in (0, 2) and rows['tie'].weight > 0 and rows['tie'].norm is not None


def test_files(tmp_path):
    rows = [
        TermGradient(iteration, term, 1.5, 0.7, norm, norm and 0.1, norm and -0.5)
        for iteration in (1, 3, 8)
        for term, norm in (('depth', 2.0 / iteration), ('tie', None if iteration == 3 else 0.25))
    ]
    write_term_gradients(tmp_path / 'new' / 'terms.csv', rows)
    write_term_gradients(tmp_path / 'terms.json', rows)
    with (tmp_path / 'new' / 'terms.csv').open() as file:
        read = list(csv.DictReader(file))
    data = json.loads((tmp_path / 'terms.json').read_text())
    assert [TermGradient(**entry) for entry in data] == rows
    assert [entry['norm'] for entry in read] == ['' if row.norm is None else str(row.norm) for row in rows]
    assert [entry['term'] for entry in read] == [row.term for row in rows]
    draw_term_gradients(tmp_path / 'terms.png', rows)
    assert (tmp_path / 'terms.png').stat().st_size > 5000
    assert term_table(rows).splitlines() == [
        '| term | quarter | weight | norm | share | cosine | measured |',
        '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
        '| depth | first | 0.7 | 2 | 0.1 | -0.5 | 1 |',
        '| depth | last | 0.7 | 0.25 | 0.1 | -0.5 | 1 |',
        '| tie | first | 0.7 | 0.25 | 0.1 | -0.5 | 1 |',
        '| tie | last | 0.7 | 0.25 | 0.1 | -0.5 | 1 |',
    ]


def test_an_unknown_part_is_an_error_before_the_first_step(tmp_path):
    with pytest.raises(ConfigError, match="no trainable parameter is named 'encoder'"):
        hook = TermGradientsHook(1, ('encoder',))
        hook.before_train(runner(tmp_path, hook))
