"""SAK: published values, parameter counts, and independence of batch, order and number of processes."""

import copy

import numpy as np
import pytest
import torch
from golden_fill import GOLDEN, noise
from small_vit import SMALL_VIT, TASKS, TEACHERS, golden_sak, published_sak, small_sak
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.model_converters.sak import rename_sak
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.backbones import SAK
from mmmtl.models.consistency_losses.feature_distillation import map_distances
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead
from mmmtl.tasks import Depth, Normal

PUBLISHED_TASKS = {'semseg': 'semseg', 'normal': 'normals', 'edge': 'edge', 'depth': 'depth'}


def near(ours: Tensor, reference: np.ndarray, tolerance: float = 1e-4) -> bool:
    expected = torch.from_numpy(reference)
    scale = expected.std() if expected.numel() > 1 else expected.abs()
    return bool((ours - expected).abs().max() < tolerance * scale)


@pytest.fixture(scope='module')
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / 'sak_shared.npz') as arrays:
        return dict(arrays)


def images(count: int = 3, size: tuple[int, int] = (32, 48)) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(0))


def spread(backbone: SAK) -> SAK:
    """Set the parameters to values so large that adapters and routers have an effect."""
    torch.manual_seed(2)
    for name, parameter in backbone.named_parameters():
        if name.startswith(('adapters', 'mixtures', 'aligners')):
            torch.nn.init.normal_(parameter, std=0.3)
    return backbone


def test_published_values_and_gradients(golden):
    backbone = golden_sak().eval()
    head = PerTaskHead(
        TASKS, backbone.out_channels, backbone.strides, head=dict(type=MultiTapHead), maps_per_task=4
    ).eval()
    parameters = rename_sak(published_sak())
    prefix = 'decode_head.'
    head.load_state_dict({key.removeprefix(prefix): value for key, value in parameters.items() if prefix in key})
    image = torch.from_numpy(noise('sak/image', (2, 3, 64, 96))).requires_grad_()
    features = backbone(image)
    logits = head(features, BatchContext.of(TASKS, image)).logits

    total = 0
    for teacher, indices in backbone.imitations.items():
        shape = (2, 32, 8, 12) if teacher == 'sam' else (2, 32, 4, 6)
        for level, index in enumerate(indices):
            assert near(features[index], golden[f'aligned_{teacher}_{level}'])
            taught = torch.from_numpy(noise(f'sak/teacher_{teacher}_{level}', shape))
            distance = map_distances(features[index], taught).mean()
            assert near(distance, golden[f'kd_{teacher}_level{level + 1}'])
            total = total + distance
    assert near(total, golden['kd_total'])
    for number, (task, published) in enumerate(PUBLISHED_TASKS.items()):
        for level in range(4):
            assert near(features[4 * number + level].mean(1), golden[f'mixed_mean_{published}_{level}'])
        assert near(logits[task], golden[f'logits_{published}'])
        full = torch.nn.functional.interpolate(logits[task], (64, 96), mode='bilinear', align_corners=False)
        assert full.abs().mean((0, 2, 3)).detach().numpy() == pytest.approx(golden[f'full_absmean_{published}'], 1e-4)
        cotangent = torch.from_numpy(noise(f'sak/cotangent_{published}', tuple(full.shape)))
        total = total + (cotangent * full).mean()
    total.backward()
    assert near(image.grad, golden['grad_image'])


@pytest.mark.parametrize(
    ('name', 'size', 'channels', 'expected'),
    [
        ('small', (448, 576), (40, 1, 3, 1), 32_015_348),
        ('base', (448, 576), (40, 1, 3, 1), 126_404_372),
        ('large', (448, 576), (40, 1, 3, 1), 394_057_720),
        ('large', (512, 512), (21, 7, 2, 3, 1), 406_672_397),
    ],
)
def test_parameters_are_those_of_the_released_code(name, size, channels, expected):
    width = {'small': 384, 'base': 768, 'large': 1024}[name]
    taps = (5, 11, 17, 23) if name == 'large' else (2, 5, 8, 11)
    with torch.device('meta'):
        teachers = dict.fromkeys(TEACHERS, width)
        tasks = [f'task_{count}' for count in range(len(channels))]
        vit = dict(model_name=f'vit_{name}_patch16_384', out_indices=taps, img_size=size)
        backbone = SAK(tasks, vit, teachers)
        heads = [MultiTapHead((width,) * 4, (16,) * 4, count) for count in channels]
    assert sum(p.numel() for part in (backbone, *heads) for p in part.parameters()) == expected


@pytest.mark.parametrize('taps', [(11,), (1, 5), (2, 5, 8, 11)])
@pytest.mark.parametrize('widths', [{'a': 32}, {'a': 32, 'b': 20}])
@pytest.mark.parametrize('mixing', [True, False])
def test_maps_have_the_declared_shapes_and_every_parameter_a_gradient(taps, widths, mixing):
    backbone = small_sak(('depth', 'edge'), widths, out_indices=taps, mixing=mixing).train()
    features = backbone(images(size=(32, 80)))
    assert [tuple(x.shape) for x in features] == [(3, channels, 2, 5) for channels in backbone.out_channels]
    assert backbone.strides == (16,) * len(features) and len(features) == len(taps) * (2 + len(widths))
    assert [backbone.out_channels[index] for index in backbone.imitations['a']] == [32] * len(taps)
    sum(x.square().sum() for x in features).backward()
    assert not [name for name, p in backbone.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert len(backbone.blocks) == taps[-1] + 1


@pytest.mark.parametrize('training', [False, True])
def test_an_image_does_not_depend_on_its_batch(training):
    backbone = spread(small_sak()).train(training)
    batch = images(4)
    torch.manual_seed(0)
    together = backbone(batch)
    order = [2, 0]
    torch.manual_seed(0)
    for some, every in zip(backbone(batch[order]), together, strict=True):
        torch.testing.assert_close(some, every[order], rtol=1e-4, atol=1e-5)


def test_noise_in_training_only_and_between_pixels():
    backbone = spread(small_sak(('depth',), {'a': 32}))
    with torch.no_grad():
        quiet, again = (backbone.eval()(images(2)) for _ in range(2))
        noisy, other = (backbone.train()(images(2)) for _ in range(2))
    for index in range(4):
        assert torch.equal(quiet[index], again[index])
        assert not torch.allclose(noisy[index], other[index], atol=1e-3)
    assert all(torch.equal(noisy[index], quiet[index]) for index in backbone.imitations['a'])

    shared, per_teacher = backbone.eval().representations(images(2))
    weights = (noisy[0] - shared[0]) / (per_teacher['a'][0] - shared[0])  # of the teacher's path, in every channel
    assert weights.std(1).max() < 1e-2 and weights.mean(1).std((1, 2)).min() > 1e-2


def test_weights_of_a_mixture_sum_to_one():
    mixture = spread(small_sak(('depth',))).train().mixtures['depth'][0]
    same = torch.randn(2, 32, 4, 6)
    torch.testing.assert_close(mixture([same] * 4, torch.tensor([1, 2])), same)


def test_the_order_of_teachers_and_tasks_does_not_matter():
    backbone = spread(small_sak(('depth', 'edge'), {'a': 32, 'b': 20})).eval()
    reordered = small_sak(('edge', 'depth'), {'b': 20, 'a': 32}).eval()
    state = backbone.state_dict()
    for key in state:  # outputs of the routers: the ViT, then the teachers; clean logits, then noise
        if 'router.3' in key:
            state[key] = state[key][[0, 2, 1, 3, 5, 4]]
    reordered.load_state_dict(state)
    expected, found = backbone(images()), reordered(images())
    for old, new in ((0, 4), (4, 0)):
        for tap in range(4):
            torch.testing.assert_close(found[new + tap], expected[old + tap], rtol=1e-4, atol=1e-5)
    for name in ('a', 'b'):
        for old, new in zip(backbone.imitations[name], reordered.imitations[name], strict=True):
            assert torch.equal(found[new], expected[old])


def test_a_teacher_path_does_not_change_the_others():
    backbone = spread(small_sak(('depth',), {'a': 32, 'b': 32})).eval()
    expected = backbone(images())
    with torch.no_grad():
        backbone.adapters['b'][0].up.bias.add_(1)
    found = backbone(images())
    changed = {i for i, (x, y) in enumerate(zip(found, expected, strict=True)) if not torch.equal(x, y)}
    assert changed == {0, 1, 2, 3, *backbone.imitations['b']}


def test_sizes_are_padded_to_patches():
    model = small_model()
    assert model.eval()(images(1, (33, 50)))['depth'].shape == (1, 1, 33, 50)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(teachers={}), 'at least one teacher'),
        (dict(out_indices=(5, 2)), 'vit.out_indices must be ascending block indices'),
        (dict(reduction=0), 'from 1 to 32, found 0'),
        (dict(reduction=64), 'from 1 to 32, found 64'),
    ],
)
def test_invalid_options(options, message):
    with pytest.raises(ConfigError, match=message):
        small_sak(**options)


def test_other_networks_are_refused():
    with pytest.raises(ConfigError, match='plain ViT'):
        SAK(('depth',), dict(model_name='test_resnet', out_indices=(1,)), {'a': 8})


def small_model() -> MultiTaskModel:
    torch.manual_seed(0)
    tasks = dict(depth=dict(type=Depth), normal=dict(type=Normal))
    vit = dict(model_name=SMALL_VIT, out_indices=(2, 5, 8, 11))
    backbone = dict(type=SAK, vit=vit, teachers={'a': 32, 'b': 32})
    return MultiTaskModel(tasks, backbone, dict(type=PerTaskHead, head=dict(type=MultiTapHead), maps_per_task=4))


def learn(part: slice, wrap) -> dict[str, Tensor]:
    """The parameters of a backbone after three steps in training mode, with noise."""
    torch.manual_seed(0)
    backbone = spread(small_sak(('depth', 'edge'), {'a': 32, 'b': 20}, out_indices=(0, 1))).train()
    model, batch = wrap(backbone), images(4)
    optimizer = torch.optim.SGD(backbone.parameters(), lr=1e-2)
    for step in range(3):
        torch.manual_seed(step if part.start in (None, 0) else 100 + step)  # ranks have other generators
        loss = sum(x.tanh().mean() for x in model(batch[part]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return backbone.state_dict()


def rank_learns(rank: int) -> dict[str, Tensor]:
    return learn(slice(0, 2) if rank == 0 else slice(2, 4), DistributedDataParallel)


@pytest.mark.check
def test_two_processes_equal_one(tmp_path):
    first, second = run_in_two(__file__, tmp_path / 'group')
    expected, before = learn(slice(None), lambda model: model), copy.deepcopy(first)
    for key, value in expected.items():
        assert torch.equal(first[key], second[key])
        torch.testing.assert_close(before[key], value, rtol=1e-4, atol=1e-5)


if __name__ == '__main__':
    work(rank_learns)
