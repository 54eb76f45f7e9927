"""GradientShare: the gradient of a consistency loss on the features is a fraction of that of the tasks."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from small_model import ALL, MIXED, losses_of, make_batch, make_model
from tiny_run import tiny_run
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.models import FixedWeighting
from mmmtl.models.consistency_losses import ConsistencyLoss, CrossTaskConsistency, GradientShare
from mmmtl.models.loss_weighting import FAMO, MGDA

PARTIAL = (('depth',), (), ('semseg', 'normal'), ('normal',))


class Energy(ConsistencyLoss):
    """A loss with a gradient on all predictions, times a constant."""

    def __init__(self, *args, scale: float = 1.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.scale = scale

    def forward(self, logits: dict, targets: dict, features: tuple, samples: list) -> Tensor:
        total = sum(values.square().mean((1, 2, 3)).sum() for values in logits.values())
        return self.scale * self.per_image(total, samples)


def shared(share: float = 0.1, interval: int = 1, momentum: float = 0.0, loss=Energy, **options):
    """A model whose consistency loss ``tie`` has a share."""
    weight = dict(type=GradientShare, share=share, interval=interval, momentum=momentum)
    weighting = options.pop('loss_weighting', None)
    return make_model(consistency_losses=dict(tie=dict(type=loss, weight=weight, **options)), loss_weighting=weighting)


CROSS = dict(loss=CrossTaskConsistency, regularizer=0, space=dict(widths=(4, 4)))


def feature_gradients(model, batch) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Gradients of tasks and of the scaled term on the features, by two plain backward passes, and the losses."""
    kept, gradients = [], []
    model.backbone.register_forward_hook(lambda module, inputs, output: kept.append(output[0]))
    losses = losses_of(model, batch)
    gradients += torch.autograd.grad(losses['loss'], kept[0])
    del model.consistency_losses['tie']
    gradients += torch.autograd.grad(losses_of(model, batch)['loss'], kept[1])
    return gradients[1], gradients[0] - gradients[1], losses


@pytest.mark.parametrize('share', [0.1, 2.5])
@pytest.mark.parametrize('weighting', [None, dict(type=FixedWeighting, weights=dict(depth=7.0))])
def test_the_gradient_on_the_features_is_that_share(share, weighting):
    tasks, term, losses = feature_gradients(shared(share, loss_weighting=weighting), make_batch(*MIXED))
    torch.testing.assert_close(term.norm(), share * tasks.norm(), rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(losses['gradient_share/tie'], torch.tensor(share))
    assert losses['weight/tie'] > 0


@pytest.mark.parametrize('weighting', [MGDA, FAMO])
def test_the_weights_of_the_tasks_count(weighting):
    """Also where the gradient of the total does not pass through the features."""
    model = shared(0.3, loss_weighting=dict(type=weighting))
    losses = losses_of(model, make_batch(ALL, ALL))
    fixed = shared(0.3, loss_weighting=dict(weights={name: losses[f'weight/{name}'].item() for name in ALL}))
    torch.testing.assert_close(losses_of(fixed, make_batch(ALL, ALL))['weight/tie'], losses['weight/tie'])


@pytest.mark.parametrize('momentum', [0.0, 0.7])
def test_a_constant_factor_of_the_loss_changes_nothing(momentum):
    def trained(scale: float) -> list[Tensor]:
        model = shared(0.5, 2, momentum, scale=scale)
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01))
        for step in range(5):
            model.train_step(make_batch(*(MIXED, PARTIAL)[step % 2]), optim_wrapper=wrapper)
        return [parameter.detach() for parameter in model.parameters()]

    for scales in ((1.0, 1024.0), (1.0, 2**-10)):
        for one, other in zip(*map(trained, scales), strict=True):
            assert torch.equal(one, other)  # powers of two are exact
    for one, other in zip(trained(1.0), trained(1e-3), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_share_zero_trains_like_no_term():
    plain, model = make_model(), shared(0.0, **CROSS)
    model.load_state_dict(plain.state_dict(), strict=False)
    for trained in (plain, model):
        wrapper = OptimWrapper(torch.optim.Adam(trained.parameters(), lr=0.01))
        for step in range(4):
            trained.train_step(make_batch(*(MIXED, PARTIAL)[step % 2]), optim_wrapper=wrapper)
    state = model.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in plain.state_dict().items())


@pytest.mark.parametrize('shown', [((), ()), (ALL, ALL), ((), ALL)])
def test_nothing_is_measured_without_anything_to_compare(shown):
    """No label, or no task without one: no NaN, and the earlier norms stay."""
    model = shared(0.1, **CROSS)
    losses_of(model, make_batch(*PARTIAL))
    share = model.consistency_losses['tie'].gradient_share
    before = share.norms.clone()
    losses = losses_of(model, make_batch(*shown))
    losses['loss'].backward()
    assert torch.equal(share.norms, before) and (before > 0).all()
    assert model.counts['gradient_share/tie'] == 0 and model.counts['weight/tie'] == 0
    assert all(value.isfinite() for value in losses.values())
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_the_first_batch_has_nothing_to_compare():
    model = shared(0.1, **CROSS)
    losses = losses_of(model, make_batch(ALL, ALL))
    assert losses['weight/tie'] == 0 and losses['loss'].isfinite()


def test_a_loss_that_is_not_finite_is_not_measured():
    model = shared(0.1, 1, 0.5)
    losses_of(model, make_batch(*MIXED))
    before = model.consistency_losses['tie'].gradient_share.norms.clone()
    model.consistency_losses['tie'].scale = float('nan')
    losses = losses_of(model, make_batch(*MIXED))
    assert losses['loss'].isnan() and losses['weight/tie'] > 0
    assert torch.equal(model.consistency_losses['tie'].gradient_share.norms, before)


def test_interval_and_momentum():
    model = shared(0.1, 3, 0.75)
    share, norms, batches = model.consistency_losses['tie'].gradient_share, [], (MIXED, PARTIAL)
    for step in range(5):
        losses_of(model, make_batch(*batches[step // 3]))
        norms.append(share.norms.clone())
        assert model.counts['gradient_share/tie'] == (step % 3 == 0)
    assert torch.equal(norms[0], norms[2]) and torch.equal(norms[3], norms[4])
    alone = shared(0.1)
    losses_of(alone, make_batch(*PARTIAL))
    measured = alone.consistency_losses['tie'].gradient_share.norms
    torch.testing.assert_close(norms[3], 0.75 * norms[0] + 0.25 * measured)


def test_evaluation_measures_nothing():
    model = shared(0.1)
    with torch.no_grad():
        losses_of(model, make_batch(*MIXED))
    losses_of(model.eval(), make_batch(*MIXED))
    share = model.consistency_losses['tie'].gradient_share
    assert share.iterations == 0 and not share.norms.any()


def test_the_weight_has_an_upper_bound():
    free = losses_of(shared(0.4), make_batch(*MIXED))['weight/tie'].item()
    for bound, expected in ((free / 4, free / 4), (free * 2, free)):
        weight = dict(share=0.4, momentum=0.0, max_weight=bound)
        losses = losses_of(
            make_model(consistency_losses=dict(tie=dict(type=Energy, weight=weight))), make_batch(*MIXED)
        )
        assert losses['weight/tie'].item() == pytest.approx(expected)
        assert losses['gradient_share/tie'].item() == pytest.approx(0.4 * expected / free)


def test_the_ramp_scales_the_share():
    model, half = shared(0.4), shared(0.4)
    half.consistency_losses['tie'].ramp = 0.5
    whole, ramped = losses_of(model, make_batch(*MIXED)), losses_of(half, make_batch(*MIXED))
    for name in ('weight/tie', 'gradient_share/tie'):
        torch.testing.assert_close(ramped[name], whole[name] / 2)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_mixed_precision(dtype):
    expected = losses_of(shared(0.1), make_batch(*MIXED))['weight/tie']
    with torch.autocast('cpu', dtype):
        found = losses_of(shared(0.1), make_batch(*MIXED))['weight/tie']
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0)


@pytest.mark.parametrize(
    ('weight', 'message'),
    [
        (dict(share=-1), r'GradientShare.share must be a number >= 0, found -1'),
        (dict(share=float('nan')), 'GradientShare.share must be'),
        (dict(share=0.1, interval=0), 'GradientShare.interval must be an integer >= 1, found 0'),
        (dict(share=0.1, momentum=1), 'GradientShare.momentum must be a number >= 0 and < 1, found 1'),
        (dict(share=0.1, max_weight=0), 'GradientShare.max_weight must be a number > 0, found 0'),
        (dict(type=nn.Identity), r'Energy.weight must be a number .* found the config of a Identity'),
    ],
)
def test_wrong_options(weight, message):
    with pytest.raises(ConfigError, match=message):
        make_model(consistency_losses=dict(tie=dict(type=Energy, weight=weight)))


def test_a_frozen_backbone_is_one_clear_line():
    model = shared(0.1)
    model.backbone.requires_grad_(False)
    with pytest.raises(
        ConfigError, match='features of the backbone, but none of them requires a gradient; set the weight'
    ):
        losses_of(model, make_batch(*MIXED))


def learn(shown: list, seeds: list[int], wrap=lambda model: model) -> tuple[list[Tensor], Tensor]:
    """Weights and norms after three steps on some images of the batch, one of them without anything to compare."""
    torch.manual_seed(1)
    model = shared(0.5, 1, 0.5)
    net = wrap(model)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.05))
    for _ in range(3):
        everything = make_batch(*shown)
        batch = {name: [values[seed] for seed in seeds] for name, values in everything.items()}
        losses = net(**model.data_preprocessor(batch, True), mode='loss')
        wrapper.update_params(model.parse_losses(losses)[0])
    return [p.detach() for p in model.parameters()], model.consistency_losses['tie'].gradient_share.norms


SHOWN = (*MIXED, *PARTIAL)


def rank_learns(rank: int):
    """Rank 0 has the first three images, rank 1 the other five."""
    return learn(SHOWN, [0, 1, 2] if rank == 0 else [3, 4, 5, 6, 7], DistributedDataParallel)


@pytest.mark.check
def test_two_processes_equal_one(tmp_path):
    (weights_0, norms_0), (weights_1, norms_1) = run_in_two(__file__, tmp_path / 'group')
    weights, norms = learn(SHOWN, list(range(8)))
    assert torch.equal(norms_0, norms_1)
    torch.testing.assert_close(norms_0, norms)
    for a, b, one in zip(weights_0, weights_1, weights, strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, one, rtol=1e-4, atol=1e-6)


def run(work_dir, **options):
    return tiny_run(
        work_dir,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel'),
        model__consistency_losses=dict(
            tie=dict(
                type='mmmtl.CrossTaskConsistency',
                weight=dict(type='mmmtl.GradientShare', share=0.2, interval=2),
                space=dict(widths=(6, 32)),
            )
        ),
        default_hooks__logger__interval=1,
        train_cfg__max_epochs=2,
        train_cfg__val_interval=9,
        **options,
    )


def test_resume_is_exact_and_the_share_is_in_the_log(tmp_path, rooms_cache):
    whole = run(tmp_path / 'whole')
    whole.train()
    log = {name: history.data for name, history in whole.message_hub.log_scalars.items()}
    measured = log['train/gradient_share/tie'][1].tolist()
    assert measured == [1, 0, 1, 0, 1, 0]  # three steps per epoch: the count goes on after the first
    assert (log['train/weight/tie'][0] > 0).all()
    resumed = run(tmp_path / 'resumed', resume=True, load_from=str(tmp_path / 'whole' / 'epoch_1.pth'))
    resumed.train()
    for (name, one), other in zip(whole.model.state_dict().items(), resumed.model.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


if __name__ == '__main__':
    work(rank_learns)
