"""The contract of a consistency loss: ours keep it, and each way to break it is named."""

from functools import partial

import pytest
import torch
from every_consistency_loss import LOSSES
from torch import nn

from mmmtl.models.consistency_losses import ConsistencyLoss
from mmmtl.testing import CONSISTENCY_LOSS_PROPERTIES, check_consistency_loss

# its negatives are the neighbours in the batch
KNOWN = {('discriminator', 'order_of_images_and_tasks_does_not_matter')}


@pytest.mark.parametrize('name', LOSSES)
def test_our_losses_keep_it(name):
    kind, options = LOSSES[name]
    unlabelled = name == 'semi-supervised'
    check_consistency_loss(
        partial(kind, **options),
        crops=unlabelled,
        needs_labels=not unlabelled,
        properties=[one for one in CONSISTENCY_LOSS_PROPERTIES if (name, one) not in KNOWN],
    )


class Right(ConsistencyLoss):
    """Where depth has a label, its prediction is as far from it as a learnt scale says."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.scale = nn.Parameter(torch.tensor([0.5]))

    def indices(self, samples):
        """Images that serve consistency and show depth."""
        return [
            n
            for n, sample in enumerate(samples)
            if 'depth' in sample.gt and sample.get('supervision_role') != 'supervised'
        ]

    def forward(self, logits, targets, features, samples):
        indices = self.indices(samples)
        known = targets['depth'][indices] > 0
        error = (logits['depth'][indices].float() - self.scale * targets['depth'][indices]).abs()
        return self.per_image(torch.where(known, error, 0).sum() + self.zero(logits), samples)


class Unconnected(Right):
    def zero(self, logits):
        return 0.0

    def forward(self, logits, targets, features, samples):
        return super().forward(logits, targets, features, samples) if self.indices(samples) else torch.tensor(0.0)


class Peeking(Right):
    def indices(self, samples):
        return list(range(len(samples)))


class OfAllPurposes(Right):
    def indices(self, samples):
        return [n for n, sample in enumerate(samples) if 'depth' in sample.gt]


class OfTheFirst(Right):
    def forward(self, *batch):
        return super().forward(*batch) * (1 + batch[0]['depth'][0].mean().detach().abs())


class CountsVoid(Right):
    def forward(self, logits, targets, features, samples):
        return super().forward(logits, targets, features, samples) + 0.1 * len(self.indices(samples))


class Half(Right):
    def forward(self, *batch):
        return super().forward(*batch).half()


class InPlace(Right):
    def forward(self, logits, targets, features, samples):
        targets['depth'].add_(1)
        return super().forward(logits, targets, features, samples)


class InHalf(Right):
    def forward(self, *batch):
        value = super().forward(*batch)
        return value.bfloat16() if torch.is_autocast_enabled('cpu') else value


class AnyWeight(Right):
    def __init__(self, *args, weight=1.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.weight = weight


class Blunt(Right):
    def forward(self, *batch):
        return (super().forward(*batch) * 0 + 1).detach().requires_grad_()


@pytest.mark.parametrize(
    'kind, expected',
    [
        (Unconnected, 'no_comparable_pixels_give_a_connected_zero'),
        (CountsVoid, 'no_comparable_pixels_give_a_connected_zero'),
        (Peeking, 'hidden_labels_do_not_change_the_loss'),
        (OfAllPurposes, 'supervised_images_do_not_change_the_loss'),
        (OfTheFirst, 'order_of_images_and_tasks_does_not_matter'),
        (Half, 'loss_and_gradients_are_finite'),
        (Blunt, 'loss_and_gradients_are_finite'),
        (InPlace, 'inputs_are_not_modified'),
        (InHalf, 'autocast_gives_a_float32_loss'),
        (AnyWeight, 'invalid_weights_are_rejected'),
    ],
)
def test_a_broken_loss_is_found(kind, expected):
    with pytest.raises(AssertionError, match=f'{kind.__name__}.*{expected.replace("_", " ")}'):
        check_consistency_loss(kind, properties=[expected])
    with pytest.raises(AssertionError, match=kind.__name__):
        check_consistency_loss(kind)


def test_what_the_mutants_are_made_of_is_right():
    check_consistency_loss(Right)
