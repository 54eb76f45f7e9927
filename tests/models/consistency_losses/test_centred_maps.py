"""Losses in a joint space with ``centred``: a mapping of position and pair alone is of no use; means as in a loop."""

import pytest
import torch
from partial_batches import CHANNELS, EXACT, make_batch, pick
from torch import Tensor

from mmmtl.models.consistency_losses import CrossTaskConsistency, RegionContrast
from mmmtl.models.consistency_losses.centring import centre

OPTIONS = {
    CrossTaskConsistency: dict(space=dict(widths=(6, CHANNELS))),
    RegionContrast: dict(space=dict(widths=(6, CHANNELS)), regions=dict(patches=(2, 2))),
}
both_losses = pytest.mark.parametrize('kind', OPTIONS)
# every pair with label depth, and two with label normal, on several images; saliency is shown on one only
SHOWN = [('depth',), ('depth',), ('normal', 'depth'), (), ('normal',), ('saliency',), ('normal',)]


def make_loss(kind: type, **options):
    torch.manual_seed(0)
    return kind(EXACT, (4, CHANNELS), (1, 4), **OPTIONS[kind], **options)


def replace_mapped(loss, change) -> None:
    """Change what the mapping network of a loss returns: ``change(maps, pairs)``."""
    loss.space.register_forward_hook(
        lambda _, inputs, mapped: {name: change(maps, inputs[1][name]) for name, maps in mapped.items()}
    )


@pytest.mark.parametrize('centred', [False, True])
@both_losses
def test_what_the_images_of_a_pair_share_changes_only_the_published_form(kind, centred):
    loss, batch = make_loss(kind, centred=centred), make_batch(SHOWN, void=0)
    expected = loss(*batch)
    offsets = 10 * torch.randn(6, CHANNELS, 4, 6)
    replace_mapped(loss, lambda maps, pairs: maps + offsets[pairs])
    assert torch.allclose(loss(*batch), expected, rtol=1e-3) == centred


@pytest.mark.parametrize('centred', [False, True])
def test_a_feature_that_all_images_share_changes_only_the_published_form(centred):
    loss = make_loss(CrossTaskConsistency, centred=centred)
    logits, targets, features, samples = make_batch(SHOWN)
    shifted = (features[0], features[1] + 10 * torch.randn(CHANNELS, 4, 6))
    found, expected = loss(logits, targets, shifted, samples), loss(logits, targets, features, samples)
    assert torch.allclose(found, expected, rtol=1e-3) == centred


@both_losses
def test_a_mapping_of_position_and_pair_has_the_loss_of_chance(kind):
    """Its maps are exactly 0 after centring, so no prediction is more similar to its own label than to any other."""
    loss, batch = make_loss(kind, centred=True), make_batch(SHOWN, void=0)
    table = torch.rand(6, CHANNELS, 4, 6)
    replace_mapped(loss, lambda maps, pairs: 0 * maps + table[pairs])
    if kind is RegionContrast:
        torch.testing.assert_close(loss(*batch), torch.tensor(7.0).log())  # 1 of 7 other regions of 2 tasks
        return
    pairs = len(loss.pairs(batch[3]))
    torch.testing.assert_close(loss(*batch), torch.tensor(2.0 * pairs / len(SHOWN)))  # 1 + 0.5 * (1 + 1) per pair


def centred_by_loop(maps: Tensor, groups: list[int], valid: Tensor) -> Tensor:
    rows = []
    for row, group in enumerate(groups):
        same = [maps[other] for other, name in enumerate(groups) if name == group and valid[other]]
        rows.append(maps[row] - torch.stack(same).mean(0))
    return torch.stack(rows)


def test_centring_equals_a_loop():
    maps, groups = torch.randn(7, 3, 2, 4), [5, 0, 5, 2, 0, 2, 2]
    valid = torch.tensor([True, True, True, False, False, True, True])
    torch.testing.assert_close(centre(maps, groups, valid), centred_by_loop(maps, groups, valid))


@both_losses
def test_the_means_are_over_the_predictions_and_labels_of_each_pair(kind):
    loss, (logits, targets, _, samples) = make_loss(kind, centred=True), make_batch(SHOWN, void=0)
    targets['depth'][1] = EXACT['depth'].void
    pairs = loss.pairs(samples)
    plain_predictions, plain_labels, valid = make_loss(kind).embed(logits, targets, pairs)
    groups = [loss.space.pair_index(*pair.tasks) for pair in pairs] * 2
    counted = torch.cat([torch.ones_like(valid), valid])
    expected = centred_by_loop(torch.cat([plain_predictions, plain_labels]), groups, counted)
    predictions, labels, _ = loss.embed(logits, targets, pairs)
    assert not valid.all()
    torch.testing.assert_close(torch.cat([predictions, labels]), expected, rtol=1e-4, atol=1e-5)


@both_losses
def test_images_of_other_roles_and_pairs_do_not_matter(kind):
    """With two crops, the first ones are supervised only; an image whose pairs occur nowhere else is left out."""
    loss, batch = make_loss(kind, centred=True), make_batch(SHOWN, crops=True)
    logits, targets, features, samples = batch
    changed = (features[0], features[1].detach().clone())
    changed[1][::2] += torch.randn_like(changed[1][::2])
    assert torch.equal(loss(logits, targets, changed, samples), loss(*batch))
    pairs = {pair.tasks for pair in loss.pairs(samples)}
    assert pairs and not any(label == 'saliency' for _, label in pairs)


@both_losses
def test_one_image_has_no_mean_to_differ_from(kind):
    loss, batch = make_loss(kind, centred=True), make_batch(SHOWN)
    value = loss(*pick(batch, [0, 3, 4]))  # depth, nothing and normal: each pair occurs on one image
    value.backward()
    assert value == 0 and all(parameter.grad is not None for parameter in loss.parameters())
    assert loss(*pick(batch, [0, 1])) > 0


@pytest.mark.parametrize('centred', [False, True])
@pytest.mark.parametrize(
    ('kind', 'options', 'chance'),
    [(CrossTaskConsistency, dict(regularizer=0.0), 2.0), (RegionContrast, dict(compare='vector'), 1.946)],
)
def test_random_maps_that_share_nothing_stay_at_chance(kind, options, chance, centred):
    loss = make_loss(kind, centred=centred, **options)
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.03)
    values = []
    for seed in range(60):
        value = loss(*make_batch([('saliency',), ('depth',), ('normal',)] * 3, void=0, seed=seed))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    last = sum(values[-5:]) / 5
    assert last > 0.95 * chance if centred else last < 0.5 * min(values[0], chance), last
