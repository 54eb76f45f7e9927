"""The contract of a task: ours keep it, and each way to break it is named."""

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from every_task import ALL, every_task, known_labels

from mmmtl.tasks import Depth, Edge, HumanParts, Normal, Saliency, SemSeg
from mmmtl.tasks.encodings import RelativeEncoding
from mmmtl.tasks.losses import PixelLoss
from mmmtl.tasks.stereo_depth import MetricStereoDepth
from mmmtl.tasks.view_changes import ViewInvariant
from mmmtl.testing import TASK_PROPERTIES, check_task


@every_task
@pytest.mark.parametrize('name', TASK_PROPERTIES)
def test_our_tasks_keep_it(task, name):
    check_task(task, partial(known_labels, task), properties=[name])


def changed(kind: type, **attributes: object) -> type:
    """A subclass of a task in which something is another."""
    return type(kind.__name__, (kind,), attributes)


class Leaky(PixelLoss):
    """|p - g| + 0.1 of all pixels, void ones too."""

    spaces = frozenset({'positive'})

    def error(self, prediction, truth, valid):
        return (prediction - truth).abs().sum(1) + 0.1

    def __call__(self, prediction, truth, valid):
        return self.error(prediction, truth, valid).sum((1, 2)), valid.sum((1, 2)).float()


class OfTheBatch(Leaky):
    """Divided by the largest error of the batch."""

    def __call__(self, prediction, truth, valid):
        error = torch.where(valid, self.error(prediction, truth, valid), 0)
        return error.sum((1, 2)) / error.max(), valid.sum((1, 2)).float()


class Mean(Leaky):
    """A mean over the valid pixels, of which there may be none."""

    def __call__(self, prediction, truth, valid):
        total, count = PixelLoss.__call__(self, prediction, truth, valid)
        return total / count * count, count


class Detached(Leaky):
    """No graph where a batch holds an image without label."""

    def __call__(self, prediction, truth, valid):
        total, count = PixelLoss.__call__(self, prediction, truth, valid)
        return total if (count > 0).all() else total.detach(), count


def masks_late(self, logits, target):
    """Masks the error, not the logits: NaN times 0 is NaN."""
    valid = self.valid(target)
    return torch.where(valid, (logits - target)[:, 0].exp(), 0).sum((1, 2)), valid.sum((1, 2)).float()


LEFT_HAND = dict(classes=('background', 'left hand', 'right hand', 'head'))
MUTANTS = {
    'zoom gives float64': (
        changed(Depth, zoom=lambda self, label, scale: label.astype(np.float64) / scale),
        {},
        'zooming_back_restores_the_label',
    ),
    'zoom the wrong way back': (
        changed(Depth, zoom=lambda self, label, scale: label / max(scale, 1)),
        {},
        'zooming_back_restores_the_label',
    ),
    'zoom moves void': (
        changed(
            Depth,
            void=-1.0,
            valid=lambda self, target: target[:, 0] != -1,
            zoom=lambda self, label, scale: label / scale,
        ),
        {},
        'zooming_back_restores_the_label',
    ),
    'zoom writes into the label': (
        changed(Depth, zoom=lambda self, label, scale: np.divide(label, scale, out=label)),
        {},
        'zooming_back_restores_the_label',
    ),
    'zoom knows arrays alone': (
        changed(
            Depth, zoom=lambda self, label, scale: np.asarray(label / np.float32(scale if np.isscalar(scale) else 1))
        ),
        {},
        'tensors_and_arrays_zoom_alike',
    ),
    'flip is no involution': (
        changed(Normal, hflip=lambda self, label: label[..., [1, 0, 2]] * np.array([-1, 1, 1], label.dtype)),
        {},
        'flipping_twice_restores_the_label',
    ),
    'left and right are not exchanged in values': (
        changed(HumanParts, hflip_values=lambda self, values: values),
        LEFT_HAND,
        'values_are_flipped_like_labels',
    ),
    'the mean is a log': (changed(Depth, from_mean_space=lambda self, mean: mean), {}, 'equal_values_are_their_mean'),
    'flip changes the dtype': (
        changed(HumanParts, hflip=lambda self, label: self.flipped_class[label].astype(np.int32)),
        LEFT_HAND,
        'flipping_twice_restores_the_label',
    ),
    'identity as the inverse of softplus': (
        changed(Depth, activate=lambda self, logits: F.softplus(logits)),
        {},
        'logits_round_trip',
    ),
    'values are not 0 where void': (
        changed(Depth, to_values=lambda self, target: target.clamp(min=0.1)),
        {},
        'logits_round_trip',
    ),
    'void is a class': (
        changed(SemSeg, valid=lambda self, target: target[:, 0] < 1000),
        dict(classes='abcd'),
        'void_pixels_are_not_valid',
    ),
    'check sees no NaN': (changed(Depth, check=lambda self, label: None), {}, 'invalid_labels_are_rejected'),
    'check refuses void': (
        changed(Depth, check=lambda self, label: Depth.check(self, np.where(label == 0, -1, label))),
        {},
        'valid_labels_are_accepted',
    ),
    'bilinear with void': (changed(Saliency, interpolation='bilinear'), {}, 'resizing_does_not_mix_in_void'),
    'prediction of another dtype': (
        changed(SemSeg, predict=lambda self, logits: logits.argmax(1, True).int()),
        dict(classes='abcd'),
        'predictions_have_the_shape_and_dtype_of_labels',
    ),
    'the loss counts void pixels': (Depth, dict(loss=Leaky()), 'unlabelled_images_give_a_connected_zero'),
    'the loss sees the batch': (Depth, dict(loss=OfTheBatch()), 'images_are_independent'),
    'no zero without a label': (Depth, dict(loss=Detached()), 'unlabelled_images_give_a_connected_zero'),
    'NaN without a label': (Depth, dict(loss=Mean()), 'unlabelled_images_give_a_connected_zero'),
    'void is masked too late': (changed(Depth, error=masks_late), {}, 'void_pixels_do_not_change_the_loss'),
    'the sigmoid is taken twice': (
        changed(Edge, loss_inputs=lambda self, logits, target: (self.activate(logits), self.to_values(target))),
        dict(suppress=False),
        'correct_logits_have_a_small_loss',
    ),
    'the loss leads away': (
        changed(Depth, loss_inputs=lambda self, logits, target: (logits, 7 - self.to_values(target))),
        {},
        'gradient_descent_finds_the_label',
    ),
    'measures are means': (
        changed(
            Depth,
            metric_sums=lambda self, prediction, target: {
                name: value / len(target) for name, value in Depth.metric_sums(self, prediction, target).items()
            },
        ),
        {},
        'metric_sums_are_additive',
    ),
    'measures count void': (
        changed(Depth, evaluated=lambda self, target: target[:, 0] > -1),
        {},
        'void_pixels_do_not_change_the_metric',
    ),
    'higher is taken for better': (changed(Depth, higher_is_better=True), {}, 'correct_predictions_score_better'),
    'the primary metric is no score': (changed(Depth, primary_metric='RMSE'), {}, 'correct_predictions_score_better'),
    'scores are tensors': (
        changed(
            Depth,
            compute_metrics=lambda self, sums: {
                name: torch.tensor(value) for name, value in Depth.compute_metrics(self, sums).items()
            },
        ),
        {},
        'correct_predictions_score_better',
    ),
    'nothing labelled scores 0': (
        changed(
            Depth,
            compute_metrics=lambda self, sums: {
                name: float(np.nan_to_num(value)) for name, value in Depth.compute_metrics(self, sums).items()
            },
        ),
        {},
        'no_labels_score_nan',
    ),
    'NaN is measured as 0': (
        changed(
            Depth, metric_sums=lambda self, prediction, target: Depth.metric_sums(self, prediction.nan_to_num(), target)
        ),
        {},
        'nan_predictions_score_nan',
    ),
    'void is drawn': (
        changed(Depth, visualize=lambda self, values: Depth.visualize(self, values + 1)),
        {},
        'visualizations_are_rgb_with_black_void',
    ),
    'labels are encoded in other terms': (
        changed(
            Depth,
            encoding=property(
                lambda self: type(
                    'Half',
                    (RelativeEncoding,),
                    dict(encode_target=lambda it, target: RelativeEncoding.encode_target(it, target) / 2),
                )(self)
            ),
        ),
        {},
        'predictions_are_encoded_like_labels',
    ),
    'void is encoded as a class': (
        changed(
            SemSeg,
            to_values=lambda self, target: (
                F.one_hot(torch.where(target == 255, 0, target)[:, 0], self.channels).permute(0, 3, 1, 2).float()
            ),
        ),
        dict(classes='abcd'),
        'void_encoding_differs_from_valid_pixels',
    ),
    'everything agrees': (
        changed(
            Depth,
            view_change=type(
                'Blind',
                (ViewInvariant,),
                dict(compare=lambda self, values, others: torch.zeros_like(values)[:, 0]),
            )(),
        ),
        {},
        'view_comparison_tells_maps_apart',
    ),
    'the same camera moves': (
        changed(
            Depth,
            view_change=type('Moving', (ViewInvariant,), dict(to_view=lambda self, values, rays, pose: values * 1.1))(),
        ),
        {},
        'identity_view_change_keeps_the_map',
    ),
    'parallax is no inverse': (
        changed(
            Depth,
            stereo=property(
                lambda self: type(
                    'Straight',
                    (MetricStereoDepth,),
                    dict(normalized_disparity=lambda it, logits, baseline: baseline * logits),
                )(self)
            ),
        ),
        {},
        'normalized_disparity_is_baseline_over_depth',
    ),
}


@pytest.mark.parametrize('mutant', MUTANTS)
def test_a_broken_task_is_found(mutant):
    kind, options, expected = MUTANTS[mutant]
    task = kind('broken', **options)
    make_label = partial(known_labels, _original(task))
    with pytest.raises(AssertionError, match=expected.replace('_', ' ')):
        check_task(task, make_label, properties=[expected])
    with pytest.raises(AssertionError, match='broken'):  # and by whoever runs all of it
        check_task(task, make_label)


def _original(task):
    """A task of ours with the same labels as its mutant."""
    return next(other for other in ALL.values() if type(other).__name__ == type(task).__name__)


def test_labels_that_are_made_wrong_are_named():
    for make_label, message in (
        (lambda images, size: torch.ones(images, *size), 'make_label returns .3, 5, 7.'),
        (lambda images, size: torch.ones(images, 1, *size).double(), 'make_label returns torch'),
        (lambda images, size: torch.zeros(images, 1, *size), 'make_label returns void pixels'),
    ):
        with pytest.raises(AssertionError, match=message):
            check_task(ALL['depth'], make_label)
