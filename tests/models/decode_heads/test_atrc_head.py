"""ATRCHead: the published values and sizes, messages along the genotype only, and a short training."""

import re

import numpy as np
import pytest
import torch
from golden_fill import GOLDEN, noise
from small_atrc import IN_CHANNELS, TASKS, published_atrc, small_atrc
from small_model import Strided, make_batch, train

from mmmtl.errors import ConfigError
from mmmtl.model_converters.atrc import convert_head
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.decode_heads import ATRCHead
from mmmtl.models.decode_heads.atrc_context import class_message, global_message
from mmmtl.models.decode_heads.atrc_genotypes import NYUD, PASCAL
from mmmtl.tasks import Confidence, Depth, Edge, HumanParts, Normal, Saliency, SemSeg

PUBLISHED_NAMES = dict(semseg='semseg', depth='depth', normal='normals', edge='edge')
CONTEXT = BatchContext.of(TASKS, torch.zeros(2, 3, 64, 96))


def assert_near(ours: torch.Tensor, published: np.ndarray, name: str) -> None:
    assert ours.shape == published.shape, name
    assert np.abs(ours.detach().numpy() - published).max() < 1e-4 * published.std(), name


def golden_features() -> tuple[torch.Tensor, ...]:
    return tuple(
        torch.from_numpy(noise(f'atrc/feature_{level}', (2, width, 16 >> level, 24 >> level))).requires_grad_()
        for level, width in enumerate(IN_CHANNELS)
    )


def test_the_published_values():
    head = small_atrc().eval()
    head.load_state_dict(convert_head(published_atrc()))
    golden, features = dict(np.load(GOLDEN / 'atrc_shared.npz')), golden_features()
    output, total = head(features, CONTEXT), torch.tensor(0.0)
    for ours, theirs in PUBLISHED_NAMES.items():
        logits = output.logits[ours]
        assert_near(logits, golden[f'final_{theirs}'], ours)
        assert_near(output.intermediate['intermediate'][ours], golden[f'aux_{theirs}'], f'intermediate {ours}')
        total = total + (torch.from_numpy(noise(f'atrc/cotangent_{theirs}', tuple(logits.shape))) * logits).sum()
    total.backward()
    for level, feature in enumerate(features):
        assert_near(feature.grad.mean(1), golden[f'grad_feature_{level}_mean'], f'gradient of feature {level}')


@pytest.mark.parametrize(('widths', 'count'), [((18, 36, 72, 144), 1_200_274), ((48, 96, 192, 384), 8_414_987)])
def test_parameters_are_those_published(widths, count):
    tasks = dict(semseg=SemSeg('semseg', [str(index) for index in range(40)]), depth=Depth('depth'))
    head = ATRCHead(tasks | dict(normal=Normal('normal'), edge=Edge('edge')), widths, (4, 8, 16, 32), genotype=NYUD)
    assert sum(p.numel() for p in head.parameters()) == count


def test_the_published_genotype_of_pascal_fits_its_tasks():
    tasks = dict(
        semseg=SemSeg('semseg', 'abc'),
        human_parts=HumanParts('human_parts'),
        saliency=Saliency('saliency'),
        normal=Normal('normal'),
        edge=Edge('edge'),
    )
    head = ATRCHead(tasks, (8, 8), (4, 8), genotype=PASCAL)
    assert set(head.class_tasks) == set(tasks)
    assert set(head.targets['semseg'].contexts) == {
        source for source, relation in PASCAL['semseg'].items() if relation != 'none'
    }


def small(genotype) -> tuple[ATRCHead, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    head = ATRCHead(TASKS, (8, 8), (4, 8), genotype=genotype, channels=6).eval()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return head, (torch.randn(2, 8, 16, 24), torch.randn(2, 8, 8, 12))


def batch_norm_by_its_formula(x, running_mean, running_var, weight, bias, training, momentum, eps):
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
    return (x - mean) * (variance + eps).rsqrt() * weight[:, None, None] + bias[:, None, None]


@pytest.mark.parametrize('channels_last', [False, True])
@pytest.mark.parametrize('relation', ['global', 't-label', 's-label'])
@pytest.mark.parametrize('images', [1, 2])
def test_gradients_do_not_depend_on_the_memory_layout(relation, images, channels_last, monkeypatch):
    """PyTorch's batch norm has wrong gradients on CPUs for some memory layouts of one image; the head avoids them."""

    def gradients() -> dict[str, torch.Tensor]:
        head, features = small({'depth': dict.fromkeys(TASKS, relation), 'edge': {'semseg': relation}})
        head.train().double()
        layout = torch.channels_last if channels_last else torch.contiguous_format
        features = [x[:images].double().contiguous(memory_format=layout) for x in features]
        torch.manual_seed(1)  # of dropout
        output = head(tuple(features), BatchContext.of(TASKS, torch.zeros(images, 3, 64, 96)))
        sum((x * torch.randn_like(x)).sum() for x in output.logits.values()).backward()
        return {name: p.grad for name, p in head.named_parameters() if p.grad is not None}

    found = gradients()
    monkeypatch.setattr(torch.nn.functional, 'batch_norm', batch_norm_by_its_formula)
    torch.testing.assert_close(found, gradients(), rtol=1e-6, atol=1e-9)


def test_messages_do_not_overflow_in_float16():
    """A product of two sums, over 12 288 pixels and 128 channels, exceeds 65504."""
    torch.manual_seed(0)
    query, key, value = torch.rand(3, 1, 128, 96, 128)
    expected = global_message(query, key, value)
    with torch.autocast('cpu', torch.float16):
        found = global_message(query.half(), key.half(), value.half())
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=0)


@pytest.mark.parametrize('relation', ['global', 't-label', 's-label', 'none'])
def test_messages_go_from_source_to_target_and_nowhere_else(relation):
    head, features = small(dict(depth=dict(normal=relation)))
    with torch.no_grad():
        before = head(features, CONTEXT).logits
        head.features['normal'].conv.weight.mul_(-1)
        after = head(features, CONTEXT).logits
    changed = {name for name in TASKS if not torch.allclose(before[name], after[name], atol=1e-5)}
    assert changed == ({'normal'} if relation == 'none' else {'normal', 'depth'})


def test_an_empty_genotype_relates_no_tasks():
    head, features = small({})
    output = head(features, CONTEXT)
    assert output.intermediate == {} and head.intermediate_stages == {}
    output.logits['depth'].sum().backward()
    reached = {name.split('.')[1] for name, p in head.named_parameters() if p.grad is not None}
    assert reached == {'depth'}


def test_auxiliary_predictions_do_not_train_the_backbone():
    head, features = small(dict(depth=dict(normal='t-label')))
    leaves = tuple(x.requires_grad_() for x in features)
    head(leaves, CONTEXT).intermediate['intermediate']['depth'].sum().backward()
    assert all(x.grad is None for x in leaves)


def test_messages_by_hand():
    """Linear attention is normalised by its weights; attention over classes is a softmax."""
    torch.manual_seed(0)
    query, key, value = torch.rand(1, 3, 2, 2), torch.rand(1, 3, 2, 2), torch.randn(1, 3, 2, 2)
    weights = torch.einsum('ncp,ncq->npq', query.flatten(2), key.flatten(2))
    expected = torch.einsum('npq,ncq->ncp', weights / weights.sum(2, keepdim=True), value.flatten(2))
    torch.testing.assert_close(global_message(query, key, value).flatten(2), expected)
    classes, values = torch.randn(1, 3, 5), torch.randn(1, 3, 5)
    weights = (torch.einsum('ncp,nck->npk', query.flatten(2), classes) * 0.5).softmax(2)
    expected = torch.einsum('npk,nck->ncp', weights, values)
    torch.testing.assert_close(class_message(query, classes, values, 0.5).flatten(2), expected)


def test_the_loss_falls_and_counts_auxiliary_predictions():
    torch.manual_seed(0)
    tasks = dict(depth=Depth('depth'), normal=Normal('normal'), semseg=SemSeg('semseg', 'abcd'))
    genotype = dict(depth=dict(normal='t-label', semseg='s-label'), normal=dict(depth='global'))
    head = dict(type=ATRCHead, genotype=genotype, intermediate_weight=0.5, channels=8)
    model = MultiTaskModel(tasks, dict(type=Strided), head).train()
    batch = make_batch(('semseg', 'depth'), ('normal', 'depth'), sizes=((16, 24),) * 2)
    totals, losses = train(model, batch, steps=30, lr=1e-2)
    assert {name for name in losses if '/' in name} == {'intermediate/depth', 'intermediate/semseg'}
    parts = sum(losses[name] for name in tasks) + 0.5 * (losses['intermediate/depth'] + losses['intermediate/semseg'])
    assert totals[-1] == pytest.approx(parts.item(), rel=1e-5)
    assert totals[-1] < 0.9 * totals[0]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(genotype=dict(depth=dict(normal='local'))), "depth from normal: 'local' attention is not available"),
        (dict(genotype=dict(depth=dict(normal=3))), 'expected one of global, t-label, s-label or none, found 3'),
        (dict(genotype=dict(depth=dict(height='global'))), "there is no task 'height'; the tasks are semseg, depth"),
        (dict(genotype=dict(height=dict(depth='global'))), "there is no task 'height'"),
        (dict(intermediate_weight=0), 'ATRCHead.intermediate_weight must be > 0, found 0'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        ATRCHead(TASKS, (8,), (4,), **options)
    assert '\n' not in str(caught.value)


def test_label_relations_need_classes():
    tasks = dict(depth=Depth('depth'), confidence=Confidence('confidence'))
    with pytest.raises(ConfigError, match='the task confidence .* has no labels as classes'):
        ATRCHead(tasks, (8,), (4,), genotype=dict(depth=dict(confidence='s-label')))
    ATRCHead(tasks, (8,), (4,), genotype=dict(depth=dict(confidence='global')))
