"""Weightings by gradients against closed forms for two tasks, their own conditions, and torchjd's whole aggregators."""

import sys

import numpy as np
import pytest
import torch
from every_weighting import BY_GRADIENT, BY_TORCHJD, build, marked, solver, torchjd
from scipy.optimize import minimize
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import MGDA, GramianWeighting, NashMTL, PriorityConstrainedDescent, TorchJDWeighting
from mmmtl.models.loss_weighting.nonnegative_least_squares import min_norm_weights, project_onto_dual_cone

NAMES = [name for name in [*BY_GRADIENT, *BY_TORCHJD] if name != 'gradnorm']


def gradients(seed: int, tasks: int = 3, size: int = 20) -> Tensor:
    """Rows of unequal length, some against each other."""
    rows = torch.randn(tasks, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return rows * torch.logspace(-1, 1, tasks, dtype=torch.float64)[:, None]


def solve(weighting: GramianWeighting, rows: Tensor, losses: Tensor | None = None) -> Tensor:
    losses = torch.ones(len(rows), dtype=torch.float64) if losses is None else losses
    weights, state = weighting.solve(rows @ rows.T, losses, torch.arange(len(rows)), weighting.state)
    weighting.state.copy_(state)
    return weights


@pytest.mark.parametrize('name', marked(NAMES))
def test_solving_is_pure(name):
    """No model, no processes; the same arguments give the same weights, and none is changed."""
    weighting, rows = build(name), gradients(3)
    arguments = rows @ rows.T, torch.rand(3).double() + 0.5, torch.arange(3), weighting.state + 0.1
    before = [value.clone() for value in arguments]
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        found.append(weighting.solve(*arguments))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(arguments, before, strict=True))
    assert not weighting.state.any()


def conflicting(cosine: float) -> Tensor:
    """Two gradients of lengths 2 and 3."""
    return torch.tensor([[2.0, 0.0], [3 * cosine, 3 * (1 - cosine**2) ** 0.5]], dtype=torch.float64)


@pytest.mark.parametrize('cosine', [-0.9, -0.2, 0.3, 0.9])
def test_mgda_of_two(cosine):
    """Sener and Koltun, eq. 4: the foot of the perpendicular on the segment, or an end of it."""
    first, second = rows = conflicting(cosine)
    fraction = ((second - first) @ second / (first - second).square().sum()).clamp(0, 1)
    torch.testing.assert_close(solve(MGDA('ab'), rows), torch.stack([fraction, 1 - fraction]))


@pytest.mark.parametrize('seed', range(5))
def test_mgda_finds_the_shortest(seed):
    rows = gradients(seed, tasks=5)
    weights = min_norm_weights(rows @ rows.T)
    assert (weights >= 0).all() and weights.sum().item() == pytest.approx(1)
    combined = weights @ rows
    assert (rows @ combined >= combined @ combined * (1 - 1e-9)).all()  # no gradient could shorten it


@pytest.mark.parametrize('normalization', ['none', 'l2', 'loss', 'loss+'])
def test_mgda_normalizations(normalization):
    rows, losses = gradients(1), torch.tensor([2.0, 0.5, 3.0], dtype=torch.float64)
    norms = rows.norm(dim=1)
    sizes = {'none': 1 + 0 * norms, 'l2': norms, 'loss': losses, 'loss+': losses * norms}[normalization]
    scaled = (rows / sizes[:, None]).numpy()
    found = minimize(
        lambda w: ((w @ scaled) ** 2).sum(),
        np.ones(3) / 3,
        bounds=[(0, 1)] * 3,
        tol=1e-14,
        constraints=dict(type='eq', fun=lambda w: w.sum() - 1),
    )
    np.testing.assert_allclose(solve(MGDA('abc', normalization=normalization), rows, losses), found.x, atol=2e-4)
    if normalization == 'l2':
        again = solve(MGDA('abc', normalization='l2'), rows * torch.tensor([[5.0], [1.0], [0.1]]), losses)
        np.testing.assert_allclose(again, found.x, atol=2e-4)  # units do not matter
    with pytest.raises(ConfigError, match='one of none, l2, loss, loss'):
        MGDA('abc', normalization='l1')


@pytest.mark.parametrize('seed', range(5))
def test_nash_bargains(seed):
    rows = gradients(seed, tasks=4)
    gramian = rows @ rows.T
    weights = solve(NashMTL('abcd', max_norm=0), rows)
    product = weights * (gramian @ weights)  # the same for all: w (G w) = 1, on G of norm 1
    torch.testing.assert_close(product, gramian.norm().expand(4), rtol=1e-6, atol=0)
    clipped = solve(NashMTL('abcd'), rows)
    assert (clipped @ rows).norm().item() == pytest.approx(1)
    units = torch.tensor([1.0, 10.0, 0.1, 3.0], dtype=torch.float64)
    torch.testing.assert_close(solve(NashMTL('abcd'), rows * units[:, None]) * units, clipped, rtol=1e-6, atol=0)


def test_nash_where_gradients_cancel():
    assert solve(NashMTL('ab'), conflicting(-1.0)).isfinite().all()


@pytest.mark.parametrize('seed', range(5))
def test_the_dual_cone(seed):
    rows = gradients(seed, tasks=4, size=5)
    rows[1] -= 2 * rows[2]
    wanted = torch.rand(3, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    gramian = rows @ rows.T
    for u, v in zip(wanted, project_onto_dual_cone(wanted, gramian), strict=True):
        assert (v >= u).all()
        inner = gramian @ v / gramian.trace()
        assert (inner >= -1e-9).all()  # the step conflicts with no gradient
        torch.testing.assert_close((v - u) * inner, torch.zeros_like(u), atol=1e-9, rtol=0)


@torchjd
@pytest.mark.parametrize('cosine', [-0.9, -0.2, 0.3])
def test_pcgrad_of_two(cosine):
    """Each loses its part along the other, where they conflict."""
    first, second = rows = conflicting(cosine)
    inner = min(first @ second, torch.tensor(0.0, dtype=torch.float64))
    expected = first - inner / (second @ second) * second + second - inner / (first @ first) * first
    torch.testing.assert_close(solve(build('pcgrad', 'ab'), rows) @ rows, expected)


@torchjd
@pytest.mark.parametrize('name', ['upgrad', 'dualproj'])
def test_no_task_is_opposed(name):
    rows = gradients(2)
    rows[1] -= 5 * rows[2]
    assert (rows[1] @ rows.mean(0) < 0) or (rows[2] @ rows.mean(0) < 0)
    assert (rows @ (solve(build(name), rows) @ rows) >= -1e-9).all()


@torchjd
def test_imtl_g_projects_equally():
    rows = gradients(3)
    weights = solve(build('imtl-g'), rows)
    projections = rows @ (weights @ rows) / rows.norm(dim=1)
    torch.testing.assert_close(projections, projections[:1].expand(3))
    assert weights.sum().item() == pytest.approx(1)


@torchjd
def test_aligned_gradients_are_orthogonal_and_of_one_length():
    rows = gradients(4)
    balance = TorchJDWeighting('abc', 'AlignedMTL').weighting._compute_balance_transformation(rows @ rows.T)
    aligned = balance @ rows
    products = aligned @ aligned.T
    torch.testing.assert_close(products, products[0, 0] * torch.eye(3, dtype=torch.float64), atol=1e-9, rtol=1e-6)
    torch.testing.assert_close(solve(build('aligned'), rows) @ rows, aligned.mean(0))


@torchjd
def test_fairgrad_is_fair():
    rows = gradients(5) / 3
    weights = solve(build('fairgrad'), rows)
    torch.testing.assert_close(rows @ rows.T @ weights, 1 / weights, rtol=1e-3, atol=1e-3)


@solver
@torchjd
def test_cagrad_goes_between():
    """Liu et al.: at least as good for the worst task as the mean gradient, and within c of it."""
    rows = gradients(6)
    mean, combined = rows.mean(0), solve(build('cagrad'), rows) @ rows
    assert (combined - mean).norm().item() == pytest.approx(0.4 * mean.norm().item(), rel=1e-3)
    assert (rows @ combined).min() > (rows @ mean).min()
    none = solve(TorchJDWeighting('abc', 'CAGrad', options=dict(c=0.0)), rows)
    torch.testing.assert_close(none, torch.full_like(none, 1 / 3), atol=1e-6, rtol=0)


@torchjd
@pytest.mark.parametrize(('name', 'theirs', 'options'), [('gradvac', 'GradVac', {}), ('pcd', 'PCD', {})])
def test_averages_move_as_in_torchjd(name, theirs, options):
    from torchjd import aggregation

    ours, theirs = build(name), getattr(aggregation, theirs)(**options)
    for seed in range(6):
        rows = gradients(seed)
        torch.manual_seed(seed)
        expected = theirs(rows)
        torch.manual_seed(seed)
        torch.testing.assert_close(solve(ours, rows) @ rows, expected)
    assert ours.state.any()


@torchjd
def test_the_primary_task():
    rows = gradients(2)
    for place, name in enumerate('abc'):
        order = [place, *(number for number in range(3) if number != place)]
        weights = solve(PriorityConstrainedDescent('abc', primary=name), rows)
        torch.testing.assert_close(weights[order], solve(PriorityConstrainedDescent('abc', primary='a'), rows[order]))
    without = PriorityConstrainedDescent('abc', primary='b')
    indices = torch.tensor([0, 2])
    weights, state = without.solve(rows[indices] @ rows[indices].T, torch.ones(2).double(), indices, without.state)
    without.state.copy_(state)
    assert weights.tolist() == [1, 1]
    with pytest.raises(ConfigError, match="primary must be one of a, b, c, found 'd'"):
        PriorityConstrainedDescent('abc', primary='d')


@pytest.mark.parametrize('name', marked(NAMES))
def test_a_task_whose_gradient_vanishes_is_left_out(name):
    weighting = build(name)
    rows = gradients(7)
    rows[1] = 0
    packed = torch.cat([(rows @ rows.T).flatten(), torch.ones(3), torch.ones(3), weighting.state]).double()
    torch.manual_seed(0)
    solution = weighting._solve_packed(packed)
    weights, expected = solution[:3], build(name)
    torch.manual_seed(0)
    indices = torch.tensor([0, 2])
    expected, _ = expected.solve((rows @ rows.T)[indices][:, indices], torch.ones(2).double(), indices, expected.state)
    assert weights[1] == 1
    torch.testing.assert_close(weights[[0, 2]], expected)


@torchjd
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(method='Nash'), "one of AlignedMTL, CAGrad, .* found 'Nash'"),
        (dict(method='FairGrad', options=dict(c=1)), 'torchjd rejects the options of FairGrad'),
    ],
)
def test_invalid_options_are_errors(options, message):
    with pytest.raises(ConfigError, match=message):
        TorchJDWeighting('abc', **options)


def test_an_extra_that_is_missing_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torchjd', None)
    with pytest.raises(
        ConfigError, match=r"PCGrad needs a package that is not installed .*: pip install 'mmmtl\[weighting\]'"
    ):
        TorchJDWeighting('abc', 'PCGrad')


@torchjd
def test_a_solver_that_is_missing_is_one_clear_line(monkeypatch):
    import torchjd._mixins

    monkeypatch.setattr(torchjd._mixins, 'find_spec', lambda name: None if name == 'cvxpy' else name)
    with pytest.raises(ConfigError, match=r"CAGrad needs .*cvxpy.* pip install 'mmmtl\[weighting\]'"):
        TorchJDWeighting('abc', 'CAGrad')
