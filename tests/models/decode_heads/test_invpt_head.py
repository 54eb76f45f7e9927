"""InvPTHead: the published values and sizes, messages between tasks, maps of any backbone, and a short training."""

import numpy as np
import pytest
import torch
from golden_fill import GOLDEN, noise
from small_invpt import published_invpt, small_invpt
from small_model import make_batch, train

from mmmtl.errors import ConfigError
from mmmtl.model_converters.invpt import UNUSED, rename_invpt
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.decode_heads import InvPTHead
from mmmtl.tasks import Depth, Edge, HumanParts, Normal, Saliency, SemSeg

TASKS = dict(depth=Depth('depth'), normal=Normal('normal'), semseg=SemSeg('semseg', 'abcd'))
SMALL = dict(channels=16, intermediate_channels=8)
PUBLISHED_NAMES = dict(semseg='semseg', depth='depth', normal='normals', edge='edge')
NYUD = dict(depth=Depth('depth'), normal=Normal('normal'), edge=Edge('edge'))
PASCAL = dict(
    human_parts=HumanParts('human_parts'), saliency=Saliency('saliency'), normal=NYUD['normal'], edge=NYUD['edge']
)


def build(tasks=TASKS, in_channels=(4, 5, 6), strides=(16, 16, 16), **options) -> InvPTHead:
    """A head on small maps; its last layers do not begin near 0."""
    torch.manual_seed(0)
    head = InvPTHead(tasks, in_channels, strides, **SMALL | options)
    for layer in (*head.classifiers.values(), *head.preliminary_logits.values()):
        torch.nn.init.normal_(layer.weight)
    return head.eval()


def batch_of(size=(64, 128), in_channels=(4, 5, 6), strides=(16, 16, 16), count=2):
    torch.manual_seed(1)
    features = tuple(
        torch.randn(count, width, size[0] // stride, size[1] // stride)
        for width, stride in zip(in_channels, strides, strict=True)
    )
    return features, BatchContext.of(TASKS, torch.zeros(count, 3, *size))


def assert_near(ours: torch.Tensor, published: np.ndarray, name: str) -> None:
    assert ours.shape == published.shape, name
    assert np.abs(ours.detach().numpy() - published).max() < 1e-4 * published.std(), name


def test_the_published_values(capsys):
    model = small_invpt().eval()
    model.load_state_dict(rename_invpt(published_invpt()))
    assert all(prefix.rstrip('.') in capsys.readouterr().out for prefix in UNUSED[:1])
    golden = dict(np.load(GOLDEN / 'invpt_shared.npz'))
    images = torch.from_numpy(noise('invpt/image', (2, 3, 64, 128))).requires_grad_()
    features = model.backbone(images)
    for index, values in enumerate(features):
        assert_near(values.flatten(2).transpose(1, 2), golden[f'tap{index}'], f'tap {index}')
    output = model.decode_head(features, model.context(images))
    full, total = model(images), torch.tensor(0.0)
    for ours, theirs in PUBLISHED_NAMES.items():
        assert_near(output.logits[ours], golden[f'logits_{theirs}'], ours)
        assert_near(output.intermediate['intermediate'][ours], golden[f'inter_logits_{theirs}'], f'intermediate {ours}')
        total = total + (torch.from_numpy(noise(f'invpt/cotangent_{theirs}', full[ours].shape)) * full[ours]).sum()
    assert_near(full['depth'], golden['full_depth'], 'depth at full size')
    total.backward()
    assert_near(images.grad, golden['grad_image'], 'gradient of the image')


@pytest.mark.parametrize(
    ('others', 'classes', 'decoder', 'classifiers'),
    [(NYUD, 40, 97_933_803, 25_965), (PASCAL, 21, 118_760_688, 19_618)],
)
def test_parameters_are_those_published_less_the_unused(others, classes, decoder, classifiers):
    tasks = dict(semseg=SemSeg('semseg', [str(index) for index in range(classes)]), **others)
    with torch.device('meta'):
        head = InvPTHead(tasks, (1024,) * 4, (16,) * 4)
    unused = {
        'norm_mt': 2 * len(tasks) * 144,
        'redu_chan.0': len(tasks) * (576 * 576 + 576),
        'scale_embed.2': 1024 * 576 * 9 + 576,
        'fuse_attn': 2 * 4 + 2,
    }
    last = sum(p.numel() for p in head.classifiers.parameters())
    assert last == classifiers
    assert sum(p.numel() for p in head.parameters()) - last + sum(unused.values()) == decoder


@pytest.mark.parametrize('messages', [True, False])
def test_messages_between_tasks(messages):
    """The tokens of one task change the logits of the others, unless messages are switched off."""
    head, (features, context) = build(messages=messages), batch_of()
    with torch.no_grad():
        before = head(features, context).logits
        head.mix['depth'].weight.add_(1.0)
        after = head(features, context).logits
    assert (after['depth'] - before['depth']).abs().max() > 1e-3
    for name in ('normal', 'semseg'):
        assert ((after[name] - before[name]).abs().max() > 1e-4) == messages, name


def test_a_task_within_tasks_is_a_task_alone():
    head, (features, context) = build(messages=False), batch_of()
    alone = build(dict(normal=TASKS['normal']))
    alone.load_state_dict({key: value for key, value in head.state_dict().items() if key in alone.state_dict()})
    with torch.no_grad():
        expected, found = head(features, context).logits['normal'], alone(features, context).logits['normal']
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('size', [(64, 64), (64, 192), (192, 64)])
@pytest.mark.parametrize('strides', [(16, 16, 16), (4, 8, 16, 32), (8, 16, 32)])
def test_maps_of_any_backbone_at_any_orientation(size, strides):
    widths = tuple(range(3, 3 + len(strides)))
    head, (features, context) = build(in_channels=widths, strides=strides), batch_of(size, widths, strides)
    output = head.train()(features, context)
    height, width = size
    for name, task in TASKS.items():
        assert output.logits[name].shape == (2, task.channels, height // 4, width // 4)
        assert output.intermediate['intermediate'][name].shape == (2, task.channels, height // 32, width // 32)
    sum(x.square().sum() for x in output.logits.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())


def test_images_of_any_size_are_padded():
    backbone = dict(type=ViTBackbone, model_name='test_vit', out_indices=(1, 3, 5))
    model = MultiTaskModel(TASKS, backbone, dict(type=InvPTHead, **SMALL)).eval()
    assert model.size_constraint.multiple == 64
    with torch.no_grad():
        logits = model(torch.randn(1, 3, 75, 40))
    assert {name: x.shape for name, x in logits.items()} == {
        name: (1, task.channels, 75, 40) for name, task in TASKS.items()
    }


def test_the_loss_falls_and_counts_intermediate_predictions():
    torch.manual_seed(0)
    backbone = dict(type=ViTBackbone, model_name='test_vit', out_indices=(1, 3, 5))
    model = MultiTaskModel(TASKS, backbone, dict(type=InvPTHead, intermediate_weight=0.5, **SMALL)).train()
    batch = make_batch(('semseg', 'depth'), ('normal',), sizes=((64, 64),) * 2)
    totals, losses = train(model, batch, steps=25, lr=3e-3)
    parts = sum(losses[name] + 0.5 * losses[f'intermediate/{name}'] for name in TASKS)
    assert totals[-1] == pytest.approx(parts.item(), rel=1e-5)
    assert totals[-1] < 0.8 * totals[0]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(in_channels=(4, 5), strides=(16, 16)), 'needs three or more maps, found 2'),
        (dict(channels=12), 'InvPTHead.channels must be a positive multiple of 8, found 12'),
        (dict(intermediate_weight=0), 'InvPTHead.intermediate_weight must be > 0, found 0'),
        (dict(stride=6), 'InvPTHead.stride must be a positive multiple of 4, found 6'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message):
        build(**options)
