"""Losses of intermediate predictions, and auxiliary maps for consistency losses."""

import pytest
import torch
from small_model import ALL, MIXED, TASKS, Strided, losses_of, make_batch
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models import DecodeHead, HeadOutput, IntermediateStage, MultiTaskModel, Neck, NeckOutput
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.tasks import Depth


class Halved(Depth):
    """A task of its own for the intermediate prediction, which reads the labels of depth: twice the loss."""

    def error(self, logits, target):
        total, count = super().error(logits, target)
        return 2 * total, count


class Staged(DecodeHead):
    """Two predictions; the intermediate ones of depth and normals only."""

    def __init__(self, tasks, in_channels, strides, *, weight=0.5, stage='first', early=('depth', 'normal')):
        super().__init__(tasks, in_channels, strides)
        self.weight, self.stage, self.early = weight, stage, early
        self.first = nn.ModuleDict(
            {name: nn.Conv2d(in_channels[0], tasks[name].channels if name in tasks else 1, 1) for name in early}
        )
        self.last = nn.ModuleDict({name: nn.Conv2d(in_channels[0], t.channels, 1) for name, t in tasks.items()})

    @property
    def intermediate_stages(self):
        own = {name: Halved(name) if name == 'depth' else self.tasks.get(name) for name in self.early}
        return {self.stage: IntermediateStage(own, self.weight)}

    @property
    def aux_names(self):
        return frozenset({'finest'})

    def forward(self, features, context):
        first = {name: layer(features[0]) for name, layer in self.first.items()}
        logits = {name: layer(features[0]) for name, layer in self.last.items()}
        return HeadOutput(logits, {self.stage: first} if self.training else {}, {'finest': features[0]})


class WithMean(Neck):
    @property
    def aux_names(self):
        return frozenset({'mean'})

    def forward(self, features, context):
        return NeckOutput(features, {'mean': features[0].mean((2, 3))})


class Small(ConsistencyLoss):
    """The square of both maps."""

    reads = ('mean', 'finest')

    def forward(self, logits, targets, features, samples, mean=None, finest=None):
        return self.per_image(mean.square().sum() + finest.square().mean() + self.zero(logits), samples)


def staged(tasks=TASKS, head=None, **options) -> MultiTaskModel:
    torch.manual_seed(0)
    return MultiTaskModel(tasks, dict(type=Strided), {'type': Staged, **(head or {})}, **options)


def test_losses_of_intermediate_predictions_are_added_with_their_weight_and_logged():
    model, batch = staged(), make_batch(*MIXED)
    losses = losses_of(model, batch)
    assert list(losses) == [*TASKS, 'first/depth', 'first/normal', 'loss']
    added = losses['first/depth'] + losses['first/normal']
    torch.testing.assert_close(losses['loss'].detach(), sum(losses[name] for name in TASKS) + 0.5 * added)
    data = model.data_preprocessor(batch, True)
    context = model.context(data['inputs'])
    first = model.decode_head(model.backbone(context.images), context).intermediate['first']
    full = nn.functional.interpolate(first['depth'], (8, 10), mode='bilinear')
    (expected, _), _ = (
        model.task_losses(
            {**model(data['inputs']), 'depth': full}, model.targets(data['data_samples'], (8, 10)), data['data_samples']
        )[0][1:],
        None,
    )
    torch.testing.assert_close(losses['first/depth'], 2 * expected.detach())  # by the stage's own task
    assert {f'count/{name}' for name in losses} == {name for name in model.parse_losses(losses)[1] if '/' in name} - {
        'first/depth',
        'first/normal',
    }


def test_the_weights_of_tasks_hold_for_intermediate_predictions():
    batch = make_batch(ALL, ALL)
    plain = losses_of(staged(), batch)
    weighted = losses_of(staged(loss_weighting=dict(weights=dict(depth=3.0, semseg=0.0))), batch)
    depth, normal = (plain[name] + 0.5 * plain[f'first/{name}'] for name in ('depth', 'normal'))
    torch.testing.assert_close(weighted['loss'].detach(), 3 * depth + normal)
    assert all(torch.equal(plain[name], weighted[name]) for name in plain if name != 'loss')


def test_evaluation_needs_no_intermediate_predictions():
    model, batch = staged().eval(), make_batch(ALL, ALL)
    assert list(losses_of(model, batch)) == [*TASKS, 'loss']
    assert set(model.test_step(batch)[0].pred.keys()) == set(TASKS)


def test_intermediate_predictions_of_images_without_labels_train_nothing():
    model = staged()
    losses = losses_of(model, make_batch(('semseg',), ()))
    assert losses['first/depth'] == 0 and model.counts['first/depth'] == 0
    losses['loss'].backward()
    assert all(p.grad is not None and not p.grad.any() for p in model.decode_head.first.parameters())


@pytest.mark.parametrize(
    ('head', 'message'),
    [
        (
            dict(early=('depth', 'edge')),
            "the intermediate predictions 'first' are of edge, which the model does not",
        ),
        (dict(stage='weight'), 'model.decode_head: the name weight is already used'),
    ],
)
def test_wrong_stages(head, message):
    with pytest.raises(ConfigError, match=message):
        staged(head=head)


def test_a_consistency_loss_has_the_name_of_an_intermediate_prediction():
    with pytest.raises(ConfigError, match='the name first/depth is already used'):
        staged(neck=dict(type=WithMean), consistency_losses={'first/depth': dict(type=Small)})


def test_a_consistency_loss_reads_maps_of_neck_and_head():
    model, batch = staged(neck=dict(type=WithMean), consistency_losses=dict(small=dict(type=Small))), make_batch(ALL)
    losses = losses_of(model, batch)
    features = model.backbone(model.data_preprocessor(batch, True)['inputs'])[0]
    expected = features.mean((2, 3)).square().sum() + features.square().mean()
    torch.testing.assert_close(losses['small'], expected.detach())


def test_a_missing_map_is_one_clear_line():
    with pytest.raises(ConfigError, match="consistency_losses.small: Small reads 'mean', but .* return 'finest'; use"):
        staged(consistency_losses=dict(small=dict(type=Small)))


@pytest.mark.parametrize(
    ('key', 'options', 'message'),
    [
        (
            'neck',
            dict(neck=dict(type=nn.Identity)),
            'model.neck: Identity is not a Neck; derive it from mmmtl',
        ),
        ('head', dict(head=dict(type=WithMean)), 'model.decode_head: WithMean is not a DecodeHead'),
    ],
)
def test_a_part_of_another_class(key, options, message):
    with pytest.raises(ConfigError, match=message):
        staged(**options)
    with pytest.raises(ConfigError, match='model.backbone: WithMean is not a Backbone'):
        MultiTaskModel(TASKS, dict(type=WithMean), dict(type=Staged))
