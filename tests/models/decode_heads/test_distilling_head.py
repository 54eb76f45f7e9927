"""PAD-Net and MTI-Net: messages between tasks, auxiliary tasks, any features, two processes, a training run."""

import copy
from functools import partial

import pytest
import torch
from small_model import ALL, TASKS, Strided, make_batch
from tiny_run import tiny_run
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.models import BatchContext, MultiTaskModel
from mmmtl.models.decode_heads import MTINetHead, PADNetHead
from mmmtl.tasks import build_tasks
from mmmtl.testing import check_decode_head

CHANNELS, STRIDES = (6, 10, 12), (4, 8, 16)
HEADS = {
    'pad_net': partial(PADNetHead, channels=8),
    'mti_net_published': partial(MTINetHead, task_softmax='published'),
    'mti_net_tasks': partial(MTINetHead, task_softmax='tasks'),
}
CONFIGS = {
    'pad_net': dict(type=PADNetHead, channels=8),
    'mti_net': dict(type=MTINetHead),
    'pad_net_auxiliary': dict(type=PADNetHead, channels=8, auxiliary=['normal']),
    'mti_net_auxiliary': dict(type=MTINetHead, auxiliary=['normal']),
}
every_head = pytest.mark.parametrize('name', HEADS)


def make_head(name: str, **options) -> PADNetHead | MTINetHead:
    torch.manual_seed(0)
    head = HEADS[name](build_tasks(TASKS), CHANNELS, STRIDES, **options)
    for parameter in head.parameters():  # the initial last layers are too small for a visible change
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return head.eval()


def make_features(size: tuple[int, int] = (32, 48), count: int = 2) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    return tuple(
        torch.randn(count, width, -(-size[0] // stride), -(-size[1] // stride), generator=generator)
        for width, stride in zip(CHANNELS, STRIDES, strict=True)
    )


def logits_of(head: nn.Module, features: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
    context = BatchContext.of(head.tasks, torch.zeros(len(features[0]), 3, 32, 48))
    with torch.no_grad():
        return dict(head(features, context).logits)


def moved_by(head: nn.Module, task: str) -> set[str]:
    """The tasks whose logits change with the features of one task."""
    features = make_features()
    before = logits_of(head, features)
    scales = head.initial if isinstance(head.initial, nn.ModuleList) else [head.initial]
    hooks = [scale[task].register_forward_hook(lambda module, inputs, output: output + 1) for scale in scales]
    after = logits_of(head, features)
    for hook in hooks:
        hook.remove()
    return {name for name in before if (before[name] - after[name]).abs().max() > 1e-4}


@every_head
def test_the_features_of_a_task_move_the_logits_of_all_others(name):
    for task in TASKS:
        assert moved_by(make_head(name), task) == set(TASKS)
        assert moved_by(make_head(name, messages=False), task) == {task}


@every_head
def test_without_messages_tasks_share_no_parameter_but_the_fusion(name):
    head = make_head(name, messages=False)
    assert not [key for key, _ in head.named_parameters() if key.startswith(('distillation', 'propagation'))]


@every_head
def test_auxiliary_tasks_send_messages_and_receive_none(name):
    head = make_head(name, auxiliary=['normal'])
    assert moved_by(head, 'normal') == set(TASKS)
    if name == 'pad_net':  # MTI-Net propagates shared features to the auxiliary tasks too
        assert moved_by(head, 'depth') == {'depth', 'semseg'}
    assert 'normal' not in head.final
    stages = head.intermediate_stages
    final, *coarser = stages.values()
    assert set(final.tasks) == {'semseg', 'depth'} and all(set(stage.tasks) == set(TASKS) for stage in coarser)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_prediction_has_its_loss_once(name):
    """The total is the sum of the weighted losses in the log, and an auxiliary task has no loss twice."""
    torch.manual_seed(0)
    config = {**CONFIGS[name], 'intermediate_weight': 0.5}
    weights = dict(semseg=1.0, depth=2.0, normal=3.0)
    model = MultiTaskModel(TASKS, dict(type=Strided), config, loss_weighting=dict(weights=weights))
    losses = model(**model.data_preprocessor(make_batch(ALL, ALL), True), mode='loss')
    stages = model.decode_head.intermediate_stages
    expected = sum(weights[task] * losses[task] for task in TASKS)
    for stage, declared in stages.items():
        expected = expected + sum(0.5 * weights[task] * losses[f'{stage}/{task}'] for task in declared.tasks)
    torch.testing.assert_close(losses['loss'].detach(), expected)
    assert sum(key.endswith('/normal') for key in losses) == (0 if 'auxiliary' in name else 1)


@every_head
@pytest.mark.parametrize(
    ('in_channels', 'strides'),
    [((5,), (2,)), ((6, 6, 6), (8, 8, 8)), ((3, 5, 7), (2, 8, 16))],
    ids=['one_feature', 'equal_strides', 'strides_that_skip'],
)
def test_any_features(name, in_channels, strides):
    check_decode_head(
        HEADS[name],
        in_channels=in_channels,
        strides=strides,
        properties=['every_accepted_size_works', 'order_of_tasks_does_not_matter', 'every_parameter_is_connected'],
    )


@pytest.mark.parametrize('name', ['pad_net', 'mti_net_published'])
@pytest.mark.parametrize('options', [dict(auxiliary=['depth']), dict(messages=False)], ids=['auxiliary', 'no_messages'])
def test_the_contract_with_options(name, options):
    check_decode_head(partial(HEADS[name], **options))


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('pad_net', dict(auxiliary=['edge']), 'PADNetHead.auxiliary: unknown tasks edge; the tasks are semseg, depth'),
        ('pad_net', dict(auxiliary='depth'), "must be a list of tasks, found 'depth'; write \\['depth'\\]"),
        ('mti_net_tasks', dict(auxiliary=list(TASKS)), 'MTINetHead.auxiliary lists all tasks'),
        ('pad_net', dict(channels=10), 'PADNetHead.channels must be a multiple of 4, found 10'),
        ('pad_net', dict(intermediate_weight=0.0), 'PADNetHead.intermediate_weight must be above 0, found 0.0'),
        (
            'mti_net_tasks',
            dict(intermediate_weight=float('nan')),
            'MTINetHead.intermediate_weight must be above 0, found nan',
        ),
        ('mti_net_tasks', dict(task_softmax='channels'), "must be 'published' or 'tasks', found 'channels'"),
    ],
)
def test_wrong_options(name, options, message):
    with pytest.raises(ConfigError, match=message):
        make_head(name, **options)


@every_head
def test_features_from_coarse_to_fine(name):
    with pytest.raises(ConfigError, match=r'features from fine to coarse, but their strides are \(16, 8, 4\)'):
        HEADS[name](build_tasks(TASKS), CHANNELS, STRIDES[::-1])


def gradients(name: str, part: slice, wrap) -> dict[str, torch.Tensor]:
    """Gradients of one step on a part of a batch of four images, with the stored statistics of batch norm.

    With other statistics, batch norm would differ between one and two processes.
    """
    torch.manual_seed(0)
    model = MultiTaskModel(TASKS, dict(type=Strided), copy.deepcopy(CONFIGS[name])).train()
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    shown = (ALL, ('depth',), ('semseg',), ('semseg', 'depth'))  # the second part has no normals
    batch = {key: values[part] for key, values in make_batch(*shown).items()}
    data = model.data_preprocessor(batch, True)
    wrapped = wrap(model)  # kept: DistributedDataParallel reduces the gradients while it lives
    wrapped(**data, mode='loss')['loss'].backward()
    return {key: parameter.grad for key, parameter in model.named_parameters()}


def rank_learns(rank: int) -> dict[str, dict[str, torch.Tensor]]:
    part = slice(0, 1) if rank == 0 else slice(1, 4)
    return {name: gradients(name, part, DistributedDataParallel) for name in CONFIGS}


@pytest.fixture(scope='module')
def two(tmp_path_factory) -> list[dict]:
    return run_in_two(__file__, tmp_path_factory.mktemp('group'))


@pytest.mark.parametrize('name', CONFIGS)
def test_two_processes_equal_one_without_find_unused_parameters(two, name):
    expected = gradients(name, slice(None), lambda model: model)
    for key, gradient in expected.items():
        assert gradient is not None and torch.equal(two[0][name][key], two[1][name][key]), key
        torch.testing.assert_close(two[0][name][key], gradient, rtol=1e-3, atol=1e-6, msg=lambda text, key=key: key)


def test_a_run_that_does_not_score_an_auxiliary_task(tmp_path):
    runner = tiny_run(
        tmp_path,
        model__decode_head=dict(_delete_=True, type=MTINetHead, auxiliary=['depth']),
        train_cfg__max_epochs=1,
        train_cfg__val_interval=1,
        val_evaluator__unscored=['depth'],
    )
    before = copy.deepcopy(runner.model.state_dict())
    runner.train()
    scores = runner.val_loop.run()
    assert {key.partition('/')[0] for key in scores} == {'semseg', 'normal'}
    after = runner.model.state_dict()
    for key in ('decode_head.initial_logits.0.depth.weight', 'decode_head.final.semseg.3.weight'):
        assert after[key].isfinite().all() and not torch.equal(before[key], after[key]), key


if __name__ == '__main__':
    work(rank_learns)
