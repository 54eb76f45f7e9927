"""Contrastive and discriminator loss: their negatives against plain loops, a reversed gradient, images without any."""

import pytest
import torch
import torch.nn.functional as F
from partial_batches import CHANNELS, EXACT, make_batch

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import ContrastiveLoss, DiscriminatorLoss
from mmmtl.models.consistency_losses.discriminator import negatives
from mmmtl.models.consistency_losses.task_pairs import TaskPair, task_pairs

SHOWN = (('depth',), ('depth',), ('normal',), ('depth', 'normal'), ('depth',), ())


def make_loss(kind: type, **options):
    torch.manual_seed(0)
    return kind(EXACT, (4, CHANNELS), (1, 4), space=dict(widths=(6, CHANNELS)), **options)


def embedded(loss, batch) -> tuple[dict[TaskPair, torch.Tensor], dict[TaskPair, torch.Tensor]]:
    pairs = loss.pairs(batch[3])
    predictions, labels, valid = loss.embed(batch[0], batch[1], pairs)
    assert valid.all()
    return dict(zip(pairs, predictions, strict=True)), dict(zip(pairs, labels, strict=True))


def test_pairs():
    samples = make_batch([('depth',), ('depth', 'normal')])[3]
    names = list(EXACT)
    assert task_pairs(samples, names, 'unlabelled') == [
        (0, 'saliency', 'depth'),
        (0, 'normal', 'depth'),
        (1, 'saliency', 'depth'),
        (1, 'saliency', 'normal'),
    ]
    assert task_pairs(samples, names, 'labelled') == [(1, 'depth', 'normal'), (1, 'normal', 'depth')]
    assert set(task_pairs(samples, names, 'all')) == {
        *task_pairs(samples, names, 'unlabelled'),
        *task_pairs(samples, names, 'labelled'),
    }
    samples[0].set_metainfo({'supervision_role': 'supervised'})
    assert {pair.image for pair in task_pairs(samples, names, 'all')} == {1}


@pytest.mark.parametrize('margin', [0.1, 0.5])
def test_contrast_equals_a_loop(margin):
    loss, batch = make_loss(ContrastiveLoss, margin=margin), make_batch(SHOWN)
    predictions, labels = embedded(loss, batch)
    total = 0.0
    for pair, prediction in predictions.items():
        others = [other for other in predictions if other[1:] == pair[1:] and other.image != pair.image]
        distances = [(1 - F.cosine_similarity(prediction, labels[other], dim=0)).mean() for other in (pair, *others)]
        if others:
            total = total + sum(F.relu(distances[0] - far + margin) for far in distances[1:]) / len(others)
    torch.testing.assert_close(loss(*batch), total / len(SHOWN))


def test_a_margin_of_0():
    with pytest.raises(ConfigError, match='margin'):
        make_loss(ContrastiveLoss, margin=0)


def test_negatives_have_the_same_tasks_and_another_image():
    pairs = make_loss(ContrastiveLoss).pairs(make_batch(SHOWN)[3])
    found = negatives(pairs)
    for pair, other in zip(pairs, found, strict=True):
        possible = [place for place, one in enumerate(pairs) if one[1:] == pair[1:] and one.image != pair.image]
        assert other in possible if possible else other is None
    assert None in found


def test_discrimination_equals_a_loop():
    loss, batch = make_loss(DiscriminatorLoss), make_batch(SHOWN)
    predictions, labels = embedded(loss, batch)
    pairs = list(predictions)
    total = 0.0
    for pair, other in zip(pairs, negatives(pairs), strict=True):
        if other is not None:
            for label, truth in ((pair, 1.0), (pairs[other], 0.0)):
                score = loss.discriminator(torch.cat([predictions[pair], labels[label]])[None])
                total = total + F.binary_cross_entropy_with_logits(score, torch.full_like(score, truth))
    torch.testing.assert_close(loss(*batch), total / len(SHOWN))


def test_the_discriminator_goes_down_and_the_mapping_up():
    batch = make_batch(SHOWN)
    for part, down in (('discriminator', True), ('space', False)):
        loss = make_loss(DiscriminatorLoss)
        before = loss(*batch)
        before.backward()
        with torch.no_grad():
            for parameter in getattr(loss, part).parameters():
                parameter -= 0.01 * parameter.grad
            assert (loss(*batch) < before) == down


@pytest.mark.parametrize('kind', [ContrastiveLoss, DiscriminatorLoss])
def test_an_image_alone_has_no_negatives(kind):
    loss, batch = make_loss(kind), make_batch([('depth',)])
    value = loss(*batch)
    value.backward()
    assert value == 0 and all(p.grad is not None and not p.grad.any() for p in loss.parameters())
