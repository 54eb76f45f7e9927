"""MultiTaskModel: what is not labelled teaches nothing, maps fit their images; a training."""

import gc
import math
import weakref

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper
from mmengine.structures import PixelData
from small_model import ALL, MIXED, TASKS, losses_of, make_batch, make_model
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext, HeadOutput, Neck, NeckOutput, ViewPreprocessor
from mmmtl.models.loss_reduction import REDUCTIONS
from mmmtl.structures import MultiTaskDataSample

every_way = pytest.mark.parametrize('how', sorted(REDUCTIONS))


class Pooling(Neck):
    """A neck that halves the channels and the size."""

    def __init__(self, in_channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
        super().__init__(in_channels, strides)
        self.out_channels, self.strides = tuple(c // 2 for c in in_channels), tuple(2 * s for s in strides)

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> NeckOutput:
        return NeckOutput(tuple(F.avg_pool2d(x[:, ::2], 2) for x in features))


def test_the_three_modes():
    model, batch = make_model(), make_batch(*MIXED, sizes=((8, 10), (7, 9), (8, 10), (5, 10)))
    data = model.data_preprocessor(batch)
    logits = model(**data)
    assert [x.shape for x in logits.values()] == [(4, 4, 8, 10), (4, 1, 8, 10), (4, 3, 8, 10)]
    assert list(logits) == list(TASKS)
    losses = model(**data, mode='loss')
    assert list(losses) == [*TASKS, 'loss']
    assert all(value.dim() == 0 and value.isfinite() and value > 0 for value in losses.values())
    samples = model(**data, mode='predict')
    assert [sample.pred.shape for sample in samples] == [(8, 10), (7, 9), (8, 10), (5, 10)]


@pytest.mark.parametrize('size', [(8, 10), (7, 9)])
def test_logits_are_as_large_as_the_image(size):
    logits = make_model()(torch.randn(2, 3, *size))
    assert {x.shape[2:] for x in logits.values()} == {size}


def test_logits_are_resized_once_and_are_float32():
    model = make_model()
    images = torch.randn(2, 3, 8, 10)
    with torch.autocast('cpu', torch.bfloat16):
        assert {x.dtype for x in model(images).values()} == {torch.float32}
    raw = model.decode_head(model.backbone(images), model.context(images)).logits
    for name, logits in model(images).items():
        assert raw[name].shape[2:] == (4, 5)
        # centres of a pixel's four quarters lie 1/4 and 3/4 of the way between centres of pixels
        four = raw[name][..., 1:3, 1:3]
        weights = torch.tensor([0.75, 0.25])
        expected = torch.einsum('nchw,h,w->nc', four, weights, weights)
        torch.testing.assert_close(logits[..., 3, 3], expected)


def test_the_neck_receives_and_declares_channels_and_strides():
    model = make_model(neck=dict(type=Pooling))
    assert model.neck.out_channels == (4,) and model.neck.strides == (4,)
    assert model(torch.randn(1, 3, 8, 12))['depth'].shape == (1, 1, 8, 12)


@pytest.mark.parametrize('divisor', [1, 4])
def test_predictions_are_cut_to_the_image_and_come_from_its_own_logits(divisor):
    model = make_model(data_preprocessor=dict(type=ViewPreprocessor, divisor=divisor)).eval()
    batch = make_batch(ALL, ALL, ALL, ALL, sizes=((8, 10), (6, 10), (8, 10), (8, 7)))
    logits = [
        model(model.data_preprocessor({name: [values[index]] for name, values in batch.items()})['inputs'])
        for index in range(4)
    ]
    for step in (model.val_step, model.test_step):
        samples = step(batch)
        assert [sample.img_path for sample in samples] == ['0.png', '1.png', '2.png', '3.png']
        for sample, alone in zip(samples, logits, strict=True):
            height, width = sample.img_shape
            assert sample.pred.shape == (height, width)
            for name, task in model.tasks.items():
                torch.testing.assert_close(sample.pred.get(name), task.predict(alone[name])[0, :, :height, :width])


def test_float64_stays():
    logits = make_model().double()(torch.randn(1, 3, 8, 10, dtype=torch.float64))
    assert {x.dtype for x in logits.values()} == {torch.float64}


@every_way
def test_losses_equal_a_loop(how):
    model, batch = make_model(reduction=how), make_batch(*MIXED, sizes=((8, 10), (7, 9), (8, 10), (5, 10)))
    logits = model(**model.data_preprocessor(batch))
    losses = losses_of(model, batch)
    for name, task in model.tasks.items():
        sums, counts = [], []
        for number, sample in enumerate(batch['data_samples']):
            if name in sample.gt:
                height, width = sample.img_shape
                one = task.error(logits[name][number : number + 1, :, :height, :width], sample.gt.get(name)[None])
                sums.append(one[0].item())
                counts.append(one[1].item())
        expected = {
            'batch': sum(s / c for s, c in zip(sums, counts, strict=True)) / 4,
            'labelled': sum(s / c for s, c in zip(sums, counts, strict=True)) / len(sums),
            'pixels': sum(sums) / sum(counts),
        }[how]
        assert losses[name].item() == pytest.approx(expected, rel=1e-5)
    assert losses['loss'].item() == pytest.approx(sum(losses[name].item() for name in TASKS), rel=1e-6)


@every_way
@pytest.mark.parametrize('training', [True, False])
def test_a_batch_without_labels(how, training):
    model = make_model(reduction=how).train(training)
    losses = losses_of(model, make_batch((), ()))
    assert all(value == 0 for value in losses.values())
    losses['loss'].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and not parameter.grad.any(), name


@every_way
def test_an_unlabelled_task_trains_no_head_and_labelled_ones_train_theirs(how):
    model = make_model(reduction=how)
    batch = make_batch(('depth',), ('depth', 'normal'))
    losses = losses_of(model, batch)
    assert losses['semseg'] == 0 and losses['depth'] > 0 and losses['normal'] > 0
    losses['loss'].backward()
    for name, head in model.decode_head.heads.items():
        for parameter in head.parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all()
            assert parameter.grad.any() == (name != 'semseg')
    assert all(parameter.grad.any() for parameter in model.backbone.parameters())


@every_way
def test_a_hidden_label_is_a_void_map(how):
    model = make_model(reduction=how)
    hidden, void = make_batch(*MIXED), make_batch(*MIXED)
    for sample in void['data_samples']:
        for name, task in model.tasks.items():
            if name not in sample.gt:
                setattr(sample.gt, name, torch.full((task.target_channels, 8, 10), task.void, dtype=task.dtype))
    results = []
    for batch in (hidden, void):
        model.zero_grad()
        losses = losses_of(model, batch)
        losses['loss'].backward()
        results.append([*losses.values(), *(parameter.grad.clone() for parameter in model.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@every_way
@pytest.mark.parametrize('nonsense', [1e3, math.nan, math.inf])
def test_what_is_predicted_under_void_and_in_the_padding_changes_nothing(how, nonsense):
    model = make_model(reduction=how)
    batch = make_batch(*MIXED, sizes=((8, 10), (7, 9), (8, 10), (5, 10)))
    data = model.data_preprocessor(batch)
    logits = {name: x.detach() for name, x in model(**data).items()}
    targets = model.targets(data['data_samples'], (8, 10))
    results = []
    for value in (None, nonsense):
        leaves = {}
        for name, task in model.tasks.items():
            void = ~task.valid(targets[name])[:, None]
            assert void[1, :, 7:].all() and void[3, :, 5:].all() and void[2].all()
            leaves[name] = (logits[name] if value is None else logits[name].masked_fill(void, value)).requires_grad_()
        losses = model.loss(HeadOutput(leaves), (), data['data_samples'])
        gradients = torch.autograd.grad(losses['loss'], list(leaves.values()))
        results.append([*losses.values(), *gradients])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_padding_adds_nothing():
    model = make_model().eval()
    batch = make_batch(ALL, sizes=((8, 10),))
    images = model.data_preprocessor(batch)['inputs']
    narrow = losses_of(model, batch)
    # a wider canvas; the convolution sees zeros beyond the border in both cases, the resize its last column
    padded = HeadOutput({name: F.pad(x, (0, 4, 0, 2)) for name, x in model(images).items()})
    wide = model.loss(padded, (), batch['data_samples'])
    for name, value in narrow.items():
        torch.testing.assert_close(wide[name], value)


@every_way
def test_the_order_of_images_and_of_tasks_does_not_matter(how):
    batch = make_batch(*MIXED)
    model = make_model(reduction=how)
    losses = losses_of(model, batch)
    order = [3, 1, 0, 2]
    moved = losses_of(model, {name: [values[i] for i in order] for name, values in batch.items()})
    other = make_model(dict(reversed(TASKS.items())), reduction=how)
    other.load_state_dict(model.state_dict())
    assert list(other.tasks) == ['normal', 'depth', 'semseg']
    turned = losses_of(other, batch)
    for name, value in losses.items():
        torch.testing.assert_close(moved[name], value)
        torch.testing.assert_close(turned[name], value)


def test_void_maps_where_there_is_no_label():
    model = make_model()
    samples = make_batch(*MIXED, sizes=((8, 10), (7, 9), (8, 10), (5, 10)))['data_samples']
    targets = model.targets(samples, (8, 10))
    for name, task in model.tasks.items():
        assert targets[name].shape == (4, task.target_channels, 8, 10) and targets[name].dtype == task.dtype
        for target, sample in zip(targets[name], samples, strict=True):
            height, width = sample.img_shape if name in sample.gt else (0, 0)
            assert (target[:, height:] == task.void).all() and (target[:, :, width:] == task.void).all()
            if name in sample.gt:
                assert torch.equal(target[:, :height, :width], sample.gt.get(name))


def test_only_the_total_is_descended():
    model = make_model()
    values = {'edge_loss': torch.tensor(3.0, requires_grad=True), 'loss': torch.tensor(5.0, requires_grad=True)}
    total, log = model.parse_losses(values)
    assert total is values['loss']
    assert {name: value.item() for name, value in log.items()} == {'edge_loss': 3, 'loss': 5}
    assert not any(value.requires_grad for value in log.values())


def test_weights_reach_the_total():
    plain, weighted = make_model(), make_model(loss_weighting=dict(weights=dict(depth=10, normal=0)))
    batch = make_batch(*MIXED)
    expected, losses = losses_of(plain, batch), losses_of(weighted, batch)
    assert all(torch.equal(losses[name], expected[name]) for name in TASKS)
    torch.testing.assert_close(losses['loss'], expected['semseg'] + 10 * expected['depth'])


def test_unknown_reduction():
    with pytest.raises(ConfigError, match="must be one of batch, labelled, pixels, found 'mean'"):
        make_model(reduction='mean')


def test_training_brings_every_loss_down():
    """What is to be learned is in the colours: red is near, and so on."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(4, 3, 4, 5, generator=generator)
    images = (255 * F.interpolate(coarse, (8, 10))).byte()
    colours = images / 255
    samples = [
        MultiTaskDataSample(
            metainfo=dict(img_shape=(8, 10)),
            gt=PixelData(
                semseg=colour.argmax(0, keepdim=True), depth=1 + colour[:1], normal=F.normalize(colour - 0.5, dim=0)
            ),
        )
        for colour in colours
    ]
    del samples[0].gt.semseg, samples[1].gt.depth, samples[2].gt.normal
    batch = {'inputs': list(images), 'data_samples': samples}
    model = make_model().train()
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=0.02))
    logs = [model.train_step(batch, optimizer) for _ in range(80)]
    assert list(logs[0]) == [*TASKS, 'loss', *(f'count/{name}' for name in [*TASKS, 'loss'])]
    for name in (*TASKS, 'loss'):
        assert logs[-1][name] < 0.5 * logs[0][name], name


@pytest.mark.parametrize('by_gradients', [False, True])
def test_what_is_returned_holds_no_activations_longer_than_the_total_needs(by_gradients):
    """MMEngine keeps the losses until the optimiser has stepped."""

    class Kept:
        def __init__(self, tensor):
            self.tensor = tensor

    saved = []

    def pack(tensor):
        kept = Kept(tensor.detach())  # with its graph an output would hold itself
        saved.append(weakref.ref(kept))
        return kept

    model = make_model(loss_weighting=dict(type='MGDA') if by_gradients else None)
    batch = model.data_preprocessor(make_batch(*MIXED), True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        losses = model(**batch, mode='loss')
    gc.collect()
    assert len(saved) > 10 and any(ref() for ref in saved) != by_gradients  # those of the tasks are over
    losses['loss'].backward()
    gc.collect()
    assert not any(ref() for ref in saved)
