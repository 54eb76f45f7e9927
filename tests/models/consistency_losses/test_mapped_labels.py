"""DirectMap and PerceptualMap equal plain loops; which networks and predictions have gradients."""

import pytest
import torch
from partial_batches import EXACT, make_batch

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import DirectMap, PerceptualMap

both_losses = pytest.mark.parametrize('kind', [DirectMap, PerceptualMap])


def make_loss(kind: type, tasks: dict = EXACT, **options):
    torch.manual_seed(0)
    return kind(tasks, (4, 8), (1, 4), network=dict(widths=(4, 6)), **options).eval()


def error_by_loop(loss, batch, from_tasks: str, detached: bool = False) -> torch.Tensor:
    logits, targets, _, samples = batch
    total = torch.zeros(())
    for number, sample in enumerate(samples):
        image = slice(number, number + 1)
        for s in EXACT:
            for t in EXACT:
                if s == t or t not in sample.gt or (from_tasks == 'unlabelled' and s in sample.gt):
                    continue
                encoded = logits[s][image].detach() if detached else logits[s][image]
                error, count = EXACT[t].error(loss.mappings[s, t](EXACT[s].encoding.encode(encoded)), targets[t][image])
                total = total + error.sum() / count.sum()
    return total / len(samples)


def difference_by_loop(loss, batch) -> torch.Tensor:
    logits, targets, _, samples = batch
    total = torch.zeros(())
    for number, sample in enumerate(samples):
        image = slice(number, number + 1)
        for s in EXACT:
            for t in EXACT:
                if s != t and s in sample.gt:
                    label = EXACT[s].encoding.encode_target(targets[s][image])
                    encoded = EXACT[s].encoding.encode(logits[s][image])
                    encoded = torch.where(EXACT[s].valid(targets[s][image])[:, None], encoded, label)
                    a, b = (EXACT[t].activate(loss.mappings[s, t](x)) for x in (encoded, label))
                    total = total + (a - b).abs().mean()
    return total / len(samples)


@pytest.mark.parametrize('from_tasks', ['unlabelled', 'all'])
def test_direct_map_equals_a_loop(from_tasks):
    loss, batch = make_loss(DirectMap, from_tasks=from_tasks), make_batch()
    torch.testing.assert_close(loss(*batch), error_by_loop(loss, batch, from_tasks))


def test_perceptual_map_and_its_gradients_equal_a_loop():
    loss, batch = make_loss(PerceptualMap), make_batch()
    mapping_error, perceptual_difference = (
        error_by_loop(loss, batch, 'all', detached=True),
        difference_by_loop(loss, batch),
    )
    value = loss(*batch)
    torch.testing.assert_close(value, mapping_error + perceptual_difference)
    leaves = list(batch[0].values())
    gradients = torch.autograd.grad(value, [*leaves, *loss.parameters()])
    # predictions have gradients from the perceptual difference only, mapping networks from the mapping error only
    expected = [
        *torch.autograd.grad(perceptual_difference, leaves),
        *torch.autograd.grad(mapping_error, list(loss.parameters())),
    ]
    for a, b in zip(gradients, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-7)


@both_losses
def test_unused_networks_have_zero_gradients(kind):
    loss = make_loss(kind)
    loss(*make_batch([('depth',)])).backward()
    for name, network in loss.mappings.networks.items():
        gradients = [p.grad for p in network.parameters()]
        assert all(values is not None for values in gradients)
        assert any(values.any() for values in gradients) == name.endswith('to depth'), name


@both_losses
def test_each_network_runs_once_for_all_its_images(kind):
    loss, calls = make_loss(kind), []
    for name, network in loss.mappings.networks.items():
        network.network.register_forward_hook(lambda *_, name=name: calls.append(name))
    loss(*make_batch())
    limit = {DirectMap: 1, PerceptualMap: 2}[kind]  # PerceptualMap runs each network again, to compare its outputs
    assert max(calls.count(name) for name in calls) == limit and len(calls) <= 6 * limit


def test_a_single_task_or_an_unknown_option_is_an_error():
    with pytest.raises(ConfigError, match='two or more'):
        make_loss(DirectMap, {'depth': EXACT['depth']})
    with pytest.raises(ConfigError, match='from_tasks'):
        make_loss(DirectMap, from_tasks='labelled')
