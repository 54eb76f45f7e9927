"""Losses in a joint space with ``centred``: a mapping of the position alone changes nothing; the rest equals a loop."""

import pytest
import torch
from partial_batches import CHANNELS, EXACT, SHOWN, make_batch, pick

from mmmtl.models.consistency_losses import CrossTaskConsistency, RegionContrast

OPTIONS = {
    CrossTaskConsistency: dict(space=dict(widths=(6, CHANNELS))),
    RegionContrast: dict(space=dict(widths=(6, CHANNELS)), regions=dict(patches=(2, 2))),
}
both_losses = pytest.mark.parametrize('kind', OPTIONS)


def make_loss(kind: type, **options):
    torch.manual_seed(0)
    return kind(EXACT, (4, CHANNELS), (1, 4), **OPTIONS[kind], **options)


def add_to_mapped(loss, offset: torch.Tensor) -> None:
    """Add a map (C, h, w) to everything that the mapping network of a loss returns."""
    loss.space.register_forward_hook(lambda *hooked: {name: maps + offset for name, maps in hooked[2].items()})


@both_losses
@pytest.mark.parametrize('centred', [False, True])
def test_a_map_that_all_images_share_changes_only_the_published_form(kind, centred):
    loss, batch = make_loss(kind, centred=centred), make_batch(void=0)
    expected = loss(*batch)
    add_to_mapped(loss, 10 * torch.randn(CHANNELS, 4, 6))
    assert torch.allclose(loss(*batch), expected, rtol=1e-3) == centred


@pytest.mark.parametrize('centred', [False, True])
def test_a_feature_that_all_images_share_changes_only_the_published_form(centred):
    loss, (logits, targets, features, samples) = make_loss(CrossTaskConsistency, centred=centred), make_batch()
    shifted = (features[0], features[1] + 10 * torch.randn(CHANNELS, 4, 6))
    found, expected = loss(logits, targets, shifted, samples), loss(logits, targets, features, samples)
    assert torch.allclose(found, expected, rtol=1e-3) == centred


@both_losses
def test_a_constant_mapping_has_the_loss_of_chance(kind):
    """Its maps are 0 after centring, so no prediction is more similar to its own label than to anything else."""
    loss, batch = make_loss(kind, centred=True), make_batch(void=0)
    for parameter in loss.space.parameters():
        torch.nn.init.zeros_(parameter)
    if kind is RegionContrast:
        torch.testing.assert_close(loss(*batch), torch.tensor(7.0).log())  # 1 of 7 other regions of 2 tasks
        return
    pairs = len(loss.pairs(batch[3]))
    torch.testing.assert_close(loss(*batch), torch.tensor(2.0 * pairs / len(SHOWN)))  # 1 + 0.5 * (1 + 1) per pair


@both_losses
def test_the_mean_is_over_valid_maps_of_the_batch(kind):
    """By a loop: map every prediction and label, subtract their mean, and compare."""
    loss, batch = make_loss(kind, centred=True), make_batch()
    logits, targets, _, samples = batch
    pairs = loss.pairs(samples)
    predictions, labels, valid = loss.embed(logits, targets, pairs)
    mapped = []
    for pair in pairs:
        image, index = slice(pair.image, pair.image + 1), torch.tensor([loss.space.pair_index(*pair.tasks)])
        s, t = pair.tasks
        mapped.append(loss.space({s: EXACT[s].encoding.encode(logits[s][image])}, {s: index})[s])
        mapped.append(loss.space({t: EXACT[t].encoding.encode_target(targets[t][image])}, {t: index})[t])
    assert valid.all()
    mean = torch.cat(mapped).mean(0)
    torch.testing.assert_close(predictions, torch.cat(mapped[::2]) - mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(labels, torch.cat(mapped[1::2]) - mean, rtol=1e-4, atol=1e-5)


@both_losses
def test_labels_without_a_valid_pixel_do_not_count(kind):
    shown = [('saliency',), ('depth',), ('normal',), ('depth',)]
    loss, batch = make_loss(kind, centred=True), make_batch(shown, void=0)
    logits, targets, _, samples = batch
    targets['depth'][3] = EXACT['depth'].void
    pairs = loss.pairs(samples)
    plain = make_loss(kind)
    predictions, labels, valid = plain.embed(logits, targets, pairs)
    mean = torch.cat([predictions, labels[valid]]).mean(0)
    found, _, _ = loss.embed(logits, targets, pairs)
    torch.testing.assert_close(found, predictions - mean, rtol=1e-4, atol=1e-5)


@both_losses
def test_one_image_has_no_mean_to_differ_from(kind):
    loss, batch = make_loss(kind, centred=True), make_batch()
    value = loss(*pick(batch, [0, 3]))  # image 3 shows no label
    value.backward()
    assert value == 0 and all(parameter.grad is not None for parameter in loss.parameters())
    assert loss(*pick(batch, [0, 1])) > 0
