"""What holds for every weighting: absent tasks change nothing, order does not matter."""

import copy
from functools import partial

import pytest
import torch
from every_weighting import BY_GRADIENT, BY_LOSS, BY_TORCHJD, CONFIGS, build, every_weighting, marked
from mmengine.optim import OptimWrapper
from tiny_run import tiny_run
from torch.optim import SGD

from mmmtl.optim import FiniteOptimWrapper, MixedPrecisionOptimWrapper
from mmmtl.testing import WEIGHTING_PROPERTIES, check_weighting
from mmmtl.testing.weighting_trial import ToyNetwork, toy_batch, toy_step

DRAWN = {'random', 'pcgrad', 'gradvac'}  # take random numbers
MOVING = {'dwa', 'famo', 'gradnorm'}  # have different weights for the same batch again
GRAMIAN = [name for name in [*BY_GRADIENT, *BY_TORCHJD] if name != 'gradnorm']
STEPS = 4


def steps(toy: ToyNetwork, batches: list, lr: float = 0.05) -> list:
    """Totals, weights and gradients of a short training."""
    found, optimizer = [], SGD(toy.parameters(), lr=lr)
    for seed, batch in enumerate(batches):
        torch.manual_seed(seed)
        found.append(toy_step(toy, *batch))
        optimizer.step()
    return found


@every_weighting
@pytest.mark.parametrize('property_name', WEIGHTING_PROPERTIES)
def test_contract(name, property_name):
    check_weighting(partial(build, name), draws=name in DRAWN, properties=[property_name])


@every_weighting
def test_finite_and_the_gradient_reaches_all(name):
    toy = ToyNetwork(build(name))
    for total, weights, gradients in steps(toy, [toy_batch(seed, partly=True) for seed in range(STEPS)]):
        assert total.isfinite() and weights.isfinite().all() and weights.shape == (3,) and not weights.requires_grad
        assert set(gradients) == {name for name, _ in toy.named_parameters()}
        assert all(value.isfinite().all() for value in gradients.values())
        assert all(gradients[key].any() for key in gradients if key.startswith(('backbone', 'heads')))


def on_gpu(batch: tuple) -> tuple:
    images, *parts = batch
    return images.cuda(), *({name: value.cuda() for name, value in part.items()} for part in parts)


@pytest.mark.gpu
@every_weighting
def test_the_same_on_a_gpu(name):
    batches = [toy_batch(seed, partly=True) for seed in range(STEPS)]
    here = steps(ToyNetwork(build(name)), batches)
    there = steps(ToyNetwork(build(name)).cuda(), [on_gpu(batch) for batch in batches])
    for (total, weights, gradients), (total_there, weights_there, gradients_there) in zip(here, there, strict=True):
        torch.testing.assert_close(weights_there.cpu(), weights, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(total_there.cpu(), total, rtol=1e-3, atol=1e-4)
        for key, gradient in gradients.items():
            torch.testing.assert_close(gradients_there[key].cpu(), gradient, rtol=1e-2, atol=1e-3)


@pytest.mark.gpu
def test_grad_norm_never_waits_for_the_device():
    toy, batch = ToyNetwork(build('gradnorm')).cuda(), on_gpu(toy_batch())
    toy(*batch)[0].backward()
    torch.cuda.set_sync_debug_mode('error')
    try:
        toy(*batch)[0].backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')


@every_weighting
def test_the_total_falls(name):
    toy = ToyNetwork(build(name))
    toy_losses = [torch.stack(toy.task_losses(*toy_batch())[0]).detach()]
    steps(toy, [toy_batch()] * 30, lr=0.02)
    toy_losses.append(torch.stack(toy.task_losses(*toy_batch())[0]).detach())
    assert toy_losses[1].sum() < 0.9 * toy_losses[0].sum()


@every_weighting
def test_a_task_without_label_changes_nothing(name):
    batches = [toy_batch(seed, hidden='b') for seed in range(STEPS)]
    three, two = steps(ToyNetwork(build(name)), batches), steps(ToyNetwork(build(name, 'ac')), batches)
    exact = dict(rtol=0, atol=0) if name in BY_LOSS and name != 'random' else dict(rtol=2e-4, atol=1e-6)
    for (total, weights, gradients), (total_2, weights_2, gradients_2) in zip(three, two, strict=True):
        assert not any(gradients[f'heads.b.{kind}'].any() for kind in ('weight', 'bias'))
        if name == 'random':  # as many numbers are drawn as there are tasks
            assert weights.sum() == pytest.approx(2) and weights[1] == 0
            continue
        torch.testing.assert_close(total, total_2, **exact)
        torch.testing.assert_close(weights[[0, 2]], weights_2, **exact)
        assert weights[1] == (1 if name == 'uniform' else 0)
        for key, value in gradients_2.items():
            if not key.startswith('loss_weighting'):
                torch.testing.assert_close(gradients[key], value, **exact)


@every_weighting
def test_a_task_that_is_absent_at_times(name):
    toy = ToyNetwork(build(name))
    for hidden in ('', 'b', 'ac', '', 'a', 'b', 'abc', '', 'c', ''):
        total, weights, gradients = toy_step(toy, *toy_batch(hidden=hidden))
        assert total.isfinite() and weights.isfinite().all()
        assert all(value.isfinite().all() for value in gradients.values())


@pytest.mark.parametrize('name', marked([name for name in CONFIGS if name not in DRAWN]))
def test_the_order_of_the_tasks_does_not_matter(name):
    batches = [toy_batch(seed, partly=True) for seed in range(STEPS)]
    for one, other in zip(
        steps(ToyNetwork(build(name)), batches), steps(ToyNetwork(build(name, 'cab')), batches), strict=True
    ):
        torch.testing.assert_close(one[0], other[0], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(one[1][[2, 0, 1]], other[1], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize('name', marked(['pcgrad', 'gradvac']))
def test_the_order_of_two_tasks_does_not_matter(name):
    """Of three, the order in which gradients are projected is drawn."""
    batches = [toy_batch(seed, hidden='b') for seed in range(STEPS)]
    for one, other in zip(
        steps(ToyNetwork(build(name, 'ac')), batches), steps(ToyNetwork(build(name, 'ca')), batches), strict=True
    ):
        torch.testing.assert_close(one[0], other[0], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(one[1].flip(0), other[1], rtol=1e-3, atol=1e-5)


def test_random_weights_prefer_no_task():
    toy, batch = ToyNetwork(build('random')), toy_batch()
    torch.manual_seed(0)
    drawn = torch.stack([toy(*batch)[1] for _ in range(1000)])
    error = drawn.std(0) / 1000**0.5
    assert ((drawn.mean(0) - 1).abs() < 4 * error).all() and (drawn.std(0) > 0.3).all()


@every_weighting
def test_no_task_is_labelled(name):
    toy = ToyNetwork(build(name))
    before = copy.deepcopy(toy.loss_weighting.state_dict())
    total, weights, gradients = toy_step(toy, *toy_batch(hidden='abc'))
    assert total == 0 and weights.isfinite().all()
    assert set(gradients) == {name for name, _ in toy.named_parameters()}  # DDP wants one for each
    assert not any(value.any() for value in gradients.values())
    after = toy.loss_weighting.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before if not key.endswith('steps'))


@every_weighting
def test_one_task_alone_is_its_loss(name):
    toy = ToyNetwork(build(name))
    losses, _ = toy.task_losses(*toy_batch(hidden='bc'))
    total, weights, gradients = toy_step(toy, *toy_batch(hidden='bc'))
    fraction = 0.5 if name == 'uncertainty' else 1
    torch.testing.assert_close(total, fraction * losses[0].detach())
    torch.testing.assert_close(weights[0], torch.tensor(1.0) * fraction)


@every_weighting
def test_two_steps_from_a_checkpoint_equal_two_without(name):
    batches = [toy_batch(seed, hidden='b' if seed == 1 else '') for seed in range(5)]
    whole = ToyNetwork(build(name))
    steps(whole, batches[:3])
    saved = copy.deepcopy(whole.state_dict())
    expected = steps(whole, batches[3:])
    resumed = ToyNetwork(build(name))
    resumed.load_state_dict(saved)
    for one, other in zip(expected, steps(resumed, batches[3:]), strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


@every_weighting
def test_the_state_has_one_shape_from_the_start(name):
    fresh = {key: value.shape for key, value in build(name).state_dict().items()}
    toy = ToyNetwork(build(name))
    steps(toy, [toy_batch()])
    assert {key: value.shape for key, value in toy.loss_weighting.state_dict().items()} == fresh


@every_weighting
def test_a_loss_that_is_not_finite_skips_the_step_and_leaves_no_trace(name):
    toy = ToyNetwork(build(name))
    images, labels, shown = toy_batch()
    steps(toy, [toy_batch(seed) for seed in range(2)])
    before = copy.deepcopy(toy.state_dict())
    wrapper = FiniteOptimWrapper(optimizer=SGD(toy.parameters(), lr=0.1))
    wrapper.update_params(toy(images, labels | {'b': labels['b'] * torch.inf}, shown)[0])
    assert not wrapper.grad_norm.isfinite()
    ignored = ('steps', 'last_present', *(('epoch', 'means', 'sums', 'counts') if name == 'dwa' else ()))  # a new epoch
    assert all(torch.equal(value, before[key]) for key, value in toy.state_dict().items() if not key.endswith(ignored))
    assert all(value.isfinite().all() for value in toy_step(toy, *toy_batch())[2].values())


@pytest.mark.parametrize('name', marked([name for name in CONFIGS if name not in DRAWN | MOVING]))
def test_accumulation_of_one_batch_twice_is_that_batch(name):
    found = []
    for times in (1, 2):
        toy = ToyNetwork(build(name))
        wrapper = OptimWrapper(optimizer=SGD(toy.parameters(), lr=0.1), accumulative_counts=times)
        wrapper.initialize_count_status(toy, 0, times)
        for _ in range(times):
            wrapper.update_params(toy(*toy_batch())[0])
        found.append(toy.state_dict())
    for key, value in found[0].items():
        if key != 'loss_weighting.state':
            torch.testing.assert_close(value, found[1][key], rtol=1e-4, atol=1e-6)


@every_weighting
def test_mixed_precision_changes_little(name):
    weights = []
    for mixed in (False, True):
        torch.manual_seed(0)
        toy = ToyNetwork(build(name))
        wrapper = MixedPrecisionOptimWrapper(optimizer=SGD(toy.parameters(), lr=0.01))
        wrapper.autocast = torch.autocast('cpu', torch.bfloat16, enabled=mixed)
        with wrapper.optim_context(toy):
            total, found = toy(*toy_batch())
        assert total.dtype == found.dtype == torch.float32
        wrapper.update_params(total)
        weights.append(found)
    torch.testing.assert_close(weights[0], weights[1], rtol=0.2, atol=0.05)


@pytest.mark.parametrize('name', marked(GRAMIAN))
@pytest.mark.parametrize('weight_heads', [False, True])
def test_what_the_weights_of_gradients_reach(name, weight_heads):
    toy = ToyNetwork(build(name))
    toy.loss_weighting.weight_heads = weight_heads
    batch = toy_batch(partly=True)
    losses = torch.stack(toy.task_losses(*batch)[0])
    total, weights, gradients = toy_step(toy, *batch)
    factors = weights if weight_heads else torch.ones(3)
    torch.testing.assert_close(total, (factors * losses).sum().detach())
    for key, parameter in toy.named_parameters():
        used = weights if key.startswith(toy.loss_weighting.gradients.shared) else factors
        (expected,) = torch.autograd.grad((used * losses).sum(), parameter, retain_graph=True)
        torch.testing.assert_close(gradients[key], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('name', marked(CONFIGS))
def test_training_through_the_model(name, tmp_path, rooms_cache):
    own_names = {'pcd': {'primary': 'depth'}, 'nash-part': {'shared': 'backbone.model.stem_0'}}
    config = {**CONFIGS[name], **own_names.get(name, {})}
    config['type'] = f'mmmtl.{config["type"]}'
    runner = tiny_run(tmp_path, model__loss_weighting=config, train_cfg__max_epochs=1, train_cfg__val_interval=9)
    before = copy.deepcopy(runner.model.state_dict())
    runner.train()
    after = runner.model.state_dict()
    assert all(value.isfinite().all() for value in after.values())
    assert all(not torch.equal(before[key], after[key]) for key in before if key.endswith('weight'))
    logged = runner.message_hub.log_scalars
    assert ('train/weight/depth' in logged) == (name != 'uniform')
