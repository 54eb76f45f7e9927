"""What holds for every consistency loss: who learns, what changes nothing, what raises it."""

import pytest
import torch
from every_consistency_loss import LOSSES, every_loss, make_loss
from mmengine.structures import PixelData
from partial_batches import CHANNELS, EXACT, SHOWN, SIZE, WITH_SEMSEG, Batch, make_batch, pick
from torch import nn

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import SegNet
from mmmtl.models.consistency_losses import ConsistencyLoss, SemiSupervised
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.structures import MultiTaskDataSample

in_space = pytest.mark.parametrize('name', [name for name, (kind, _) in LOSSES.items() if kind is not SemiSupervised])


def learnt(loss: ConsistencyLoss, batch: Batch) -> dict[str, list[bool]]:
    """Per task, which images' predictions have a gradient."""
    loss(*batch).backward()
    assert all(values.grad is None or values.grad.isfinite().all() for values in batch[0].values())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in loss.parameters())
    assert all(values.grad is None for values in batch[2])  # the features are never learnt from
    gradients = {name: torch.zeros_like(x) if x.grad is None else x.grad for name, x in batch[0].items()}
    return {name: [bool(one.any()) for one in values] for name, values in gradients.items()}


@every_loss
@pytest.mark.parametrize('tasks', [EXACT, WITH_SEMSEG], ids=['exact', 'semseg'])
def test_a_finite_number_with_a_finite_gradient(name, tasks):
    loss = make_loss(name, tasks)
    batch = make_batch([('depth',), ('normal',), ('depth',), ()], tasks, crops=True)
    value = loss(*batch)
    assert (
        value.shape == () and value.dtype == torch.float32 and value.isfinite() and value > 0 and loss.num_compared > 0
    )
    value.backward()
    gradients = [x.grad for x in batch[0].values() if x.grad is not None]
    assert gradients and all(values.isfinite().all() for values in gradients)
    assert all(p.grad.isfinite().all() for p in loss.parameters())


@every_loss
def test_who_learns(name):
    batch = make_batch(crops=True)
    found = learnt(make_loss(name), batch)
    for task in EXACT:
        expected = []
        for shown in SHOWN:
            if name == 'semi-supervised':
                expected += 2 * [task not in shown]
                continue
            second = bool(shown) and task not in shown
            if name == 'ours, all tasks':
                second = any(other != task for other in shown)
            if name == 'perceptual map':
                second = task in shown
            if name in ('contrastive', 'discriminator'):  # another image has the same pair of tasks
                second &= any(sum(task not in other and label in other for other in SHOWN) > 1 for label in shown)
            expected += [False, second]
        assert found[task] == expected, task


@every_loss
def test_labels_that_are_hidden_change_nothing(name):
    batch = make_batch(crops=True)
    loss = make_loss(name).eval()
    before = loss(*batch)
    other = make_batch([tuple(EXACT)] * len(SHOWN), crops=True, seed=5)[1]
    for task, values in batch[1].items():
        for number, sample in enumerate(batch[3]):
            if task not in sample.gt:
                values[number] = other[task][number]
    assert loss(*batch) == before


@in_space
def test_predictions_of_images_for_the_tasks_change_nothing(name):
    batch = make_batch(crops=True)
    loss = make_loss(name).eval()
    before = loss(*batch)
    for values in batch[0].values():
        values.data[::2] = torch.nan
    assert loss(*batch) == before


@in_space
@pytest.mark.parametrize('shown', [((), ()), SHOWN], ids=['no labels', 'void labels'])
def test_nothing_to_learn_from(name, shown):
    batch, loss = make_batch(shown, void=1.0), make_loss(name)
    value = loss(*batch)
    value.backward()
    assert value == 0 and loss.num_compared == 0
    for values in (*batch[0].values(), *loss.parameters()):
        assert values.grad is not None and not values.grad.any()


@in_space
def test_an_image_whose_label_is_void_is_safe(name):
    batch = make_batch([('depth',)] * 3 + [('normal',)] * 3)
    batch[1]['depth'][1] = 0
    found = learnt(make_loss(name).eval(), batch)  # in training batch norm mixes the images of a mapping
    assert not any(values[1] for values in found.values())
    assert any(values[2] for values in found.values())


@every_loss
def test_the_order_of_images_and_of_tasks_changes_nothing(name):
    crops = name == 'semi-supervised'
    batch, loss = make_batch(crops=crops), make_loss(name).eval()
    expected = loss(*batch)
    order = [3, 0, 6, 2, 5, 1, 4]
    indices = [2 * n + k for n in order for k in (0, 1)] if crops else order
    value = loss(*pick(batch, indices))
    if name != 'discriminator':  # its negatives are the neighbours
        torch.testing.assert_close(value, expected)

    names = ['normal', 'saliency', 'depth']
    turned = make_loss(name, {task: EXACT[task] for task in names}).eval()
    state = loss.state_dict()
    if hasattr(loss, 'space'):
        rows = [loss.space.pair_index(s, t) for s in names for t in names if s != t]
        state = {key: values[rows] if 'film' in key else values for key, values in state.items()}
    turned.load_state_dict(state)
    torch.testing.assert_close(turned(*batch), expected)


def smooth_batch(count: int = 6) -> Batch:
    """Labels that follow from one another, and predictions that are right."""
    generator = torch.Generator().manual_seed(0)
    height = torch.nn.functional.interpolate(torch.rand(count, 1, 4, 6, generator=generator), SIZE, mode='bicubic')
    depth = 1 + 3 * (height - height.amin()) / (height.amax() - height.amin())
    slope = torch.stack(torch.gradient(depth[:, 0], dim=(1, 2)), 1)
    targets = {
        'saliency': (depth < 2.3).float(),
        'depth': depth,
        'normal': nn.functional.normalize(torch.cat([-4 * slope, -torch.ones_like(depth)], 1), dim=1),
    }
    logits = {
        'saliency': 4 * (EXACT['saliency'].encoding.encode_target(targets['saliency']) - 0.5),
        'depth': depth.clone(),
        'normal': targets['normal'].clone(),
    }
    shown = [list(EXACT)[number % 3] for number in range(count)]
    samples = [
        MultiTaskDataSample(metainfo={'img_shape': SIZE}, gt=PixelData(**{name: targets[name][number]}))
        for number, name in enumerate(shown)
    ]
    features = nn.functional.interpolate(torch.cat([depth, slope, height, depth < 2, depth < 3, -slope], 1), (4, 6))
    return logits, targets, (features,), samples


@in_space
def test_shuffled_targets_raise_the_loss(name):
    """After the loss's own parameters have learnt from right predictions."""
    loss, batch = make_loss(name), smooth_batch()
    learning = loss.discriminator if name == 'discriminator' else loss  # whose mapping works against it
    optimiser = torch.optim.Adam(learning.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        loss(*batch).backward()
        optimiser.step()
    logits, targets, features, samples = batch
    shifted = {task: values.roll(3, 0) for task, values in targets.items()}  # the same labels are shown there
    with torch.no_grad():
        right, wrong = loss(*batch), loss(logits, shifted, features, samples)
    assert wrong > (1 if name == 'region contrast' else 1.02) * right  # patches also differ by position


def make_model(consistency: dict | None) -> MultiTaskModel:
    torch.manual_seed(0)
    return MultiTaskModel(
        EXACT,
        dict(type=SegNet, widths=(6, CHANNELS)),
        dict(type=PerTaskHead, head=dict(type=ConvHead, channels=6)),
        reduction='batch',
        consistency_losses=consistency,
    )


@every_loss
def test_one_step_changes_other_weights_than_supervision_alone(name):
    kind, options = LOSSES[name]
    samples = make_batch(crops=True)[3]
    images = torch.randn(len(samples), 3, *SIZE, generator=torch.Generator().manual_seed(0))
    ends = []
    for consistency in (None, dict(term=dict(type=kind, weight=2.0, **options))):
        model = make_model(consistency)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = model(images, samples, mode='loss')
        losses['loss'].backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
        optimiser.step()
        ends.append(dict(model.backbone.named_parameters()) | dict(model.decode_head.named_parameters()))
    assert any(not torch.equal(ends[0][key], ends[1][key]) for key in ends[0] if 'conv.weight' in key)


def on_gpu(batch: Batch) -> Batch:
    """The same numbers there, as leaves again."""
    logits, targets, features, samples = batch
    return (
        {name: values.detach().cuda().requires_grad_() for name, values in logits.items()},
        {name: values.cuda() for name, values in targets.items()},
        tuple(values.detach().cuda().requires_grad_() for values in features),
        samples,
    )


@pytest.mark.gpu
@every_loss
def test_the_same_on_a_gpu_and_no_wait_for_it(name):
    batch, loss = make_batch(crops=True), make_loss(name)
    expected = loss(*batch)
    loss, batch = loss.cuda(), on_gpu(batch)
    torch.testing.assert_close(loss(*batch).cpu(), expected, rtol=1e-2, atol=1e-3)  # convolutions in TF32
    # the eigenvalues of covariances, which PyTorch's solver reports to the host whether it found
    torch.cuda.set_sync_debug_mode('default' if name == 'region contrast' else 'error')
    try:
        loss(*batch).backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert all(p.grad.isfinite().all() for p in loss.parameters())


@every_loss
@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)])
def test_half_precision(name, device):
    """As in training, fp16 on a GPU and bf16 elsewhere: float32, near that of full precision, finite gradients."""
    batch, loss = make_batch(crops=True), make_loss(name).to(device)
    batch = on_gpu(batch) if device == 'cuda' else batch
    with torch.no_grad():
        expected = loss(*batch)
    with torch.autocast(device, torch.bfloat16 if device == 'cpu' else torch.float16):
        value = loss(*batch)
    assert value.dtype == torch.float32
    (value * 256).backward()
    torch.testing.assert_close(value.detach(), expected, rtol=0.05, atol=0.02)
    assert all(p.grad.isfinite().all() for p in loss.parameters())
