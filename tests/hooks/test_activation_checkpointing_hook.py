"""Activation checkpointing: the same training bit for bit, with fewer kept activations; what is refused."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from tiny_run import tiny_run
from torch import nn

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.errors import ConfigError
from mmmtl.hooks import ActivationCheckpointingHook
from mmmtl.hooks.activation_checkpointing_hook import blocks_of
from mmmtl.models import Backbone
from mmmtl.models.backbones import FrozenBackbone, SegNet, TimmBackbone


class KeptBytes(Hook):
    """Counts the bytes that the forward pass of the last training step keeps for the backward pass."""

    def before_train(self, runner) -> None:
        forward, runner.model.forward = runner.model.forward, self.count
        self.forward = forward

    def count(self, *args, **kwargs):
        if not torch.is_grad_enabled():  # validation
            return self.forward(*args, **kwargs)
        self.bytes = 0
        with torch.autograd.graph.saved_tensors_hooks(self.pack, lambda tensor: tensor):
            return self.forward(*args, **kwargs)

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        self.bytes += tensor.nbytes
        return tensor


@pytest.mark.parametrize(
    'options',
    [
        dict(model__backbone__drop_path_rate=0.5),
        dict(optim_wrapper__type='mmmtl.MixedPrecisionOptimWrapper', optim_wrapper__accumulative_counts=2),
        dict(train_dataloader__batch_size=1, model__backbone__model_name='test_vit2'),
    ],
    ids=['stochastic depth', 'bfloat16, accumulated', 'one image'],
)
def test_training_is_the_same_with_fewer_kept_activations(tmp_path, rooms_cache, options):
    kept = []
    for name, hooks in (('plain', {}), ('recomputed', {'recompute': ActivationCheckpointingHook()})):
        counter = KeptBytes()
        runner = tiny_run(tmp_path / name, {**hooks, 'count': counter}, 'tiny_vit.py', **options)
        runner.train()
        kept.append(counter.bytes)
        assert not any('forward' in vars(module) for module in runner.model.backbone.modules())
    assert kept[1] < 0.8 * kept[0]
    expected, found = (read_checkpoint(tmp_path / name / 'iter_6.pth') for name in ('plain', 'recomputed'))
    assert expected['state_dict'].keys() == found['state_dict'].keys()
    assert all(torch.equal(found['state_dict'][key], value) for key, value in expected['state_dict'].items())


def test_a_resumed_run_is_the_same(tmp_path, rooms_cache):
    tiny_run(tmp_path / 'plain', None, 'tiny_vit.py').train()
    runner = tiny_run(
        tmp_path / 'resumed',
        {'recompute': ActivationCheckpointingHook()},
        'tiny_vit.py',
        resume=True,
        load_from=str(tmp_path / 'plain' / 'iter_3.pth'),
    )
    runner.train()
    expected = read_checkpoint(tmp_path / 'plain' / 'iter_6.pth')['state_dict']
    assert all(torch.equal(runner.model.state_dict()[key], value) for key, value in expected.items())


@pytest.mark.parametrize('method', ['lora', 'adapter'])
def test_a_frozen_backbone_learns_the_same(method):
    """Its blocks stay in evaluation mode, and run once for each task."""
    vit = dict(type=TimmBackbone, model_name='test_vit', out_indices=(1, 3))
    torch.manual_seed(0)
    backbone = FrozenBackbone(('depth', 'normal'), vit, method=method)
    for parameter in backbone.tuned.parameters():
        nn.init.normal_(parameter, std=0.1)
    runner = SimpleNamespace(model=nn.Module())
    runner.model.backbone = backbone.train()
    images, hook, found = torch.randn(2, 3, 32, 48), ActivationCheckpointingHook(), []
    for _ in range(2):
        kept = 0

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal kept
            kept += tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            losses = [x.square().sum() for x in backbone(images)]
        # several passes, as by loss weightings that need the gradients of single tasks
        passes = [
            torch.autograd.grad(loss, list(backbone.tuned.parameters()), retain_graph=True, allow_unused=True)
            for loss in losses
        ]
        found.append((kept, passes))
        hook.before_train(runner)
    hook.after_train(runner)
    (plain, expected), (recomputed, gradients) = found
    torch.testing.assert_close(gradients, expected, rtol=0, atol=0)
    assert recomputed < 0.5 * plain if method == 'lora' else recomputed == plain
    assert backbone.current is None


def test_a_backbone_without_such_a_list():
    with pytest.raises(ConfigError, match="SegNet has no list of modules named 'layers'; set blocks=NAME"):
        blocks_of(SegNet(widths=(4,)), 'layers')


def test_batch_norm_is_refused():
    backbone = Backbone()
    backbone.blocks = nn.ModuleList([nn.Identity(), nn.Sequential(nn.BatchNorm2d(2))])
    with pytest.raises(ConfigError, match='blocks.1 contains batch norm, .* remove the hook'):
        blocks_of(backbone, 'blocks')
