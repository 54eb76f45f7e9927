"""A model wrapper that divides parameters, gradients and optimizer state among the processes."""

from collections.abc import Iterable
from typing import Any

from mmengine.dist import get_world_size
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_model import LossModel
from mmmtl.registry import MODEL_WRAPPERS
from mmmtl.structures import MultiTaskDataSample


@MODEL_WRAPPERS.register_module()
class ShardedModel(nn.Module):
    """A model whose parameters are divided among the processes, by PyTorch's ``fully_shard`` (FSDP2).

    Use it as ``model_wrapper_cfg=dict(type='mmmtl.ShardedModel')``. Every process keeps 1 / (number of processes) of
    each parameter, of its gradient and of its optimizer state. A block of the backbone is gathered for its own forward
    and backward pass and then freed. All other parameters, those of heads and losses too, are gathered for the whole
    step, so they can be used in any order. The names of the parameters do not change, nor do the results.

    The runner shards the model after its weights are initialized, and before it builds the optimizer. In evaluation
    mode, every process has the whole network, since the processes may evaluate different numbers of batches.

    Args:
        module: The model; passed by the runner.
        blocks: Name of the lists of modules in the backbone whose members are gathered one at a time.

    Raises:
        ConfigError: The loss weighting combines the gradients of single tasks, which would need all parameters at once.
    """

    find_unused_parameters = False
    """Every process must use every trainable parameter; see `UnusedParametersHook`."""

    def __init__(self, module: LossModel, blocks: str = 'blocks') -> None:
        super().__init__()
        if module.loss_weighting.takes_gradients:
            raise ConfigError(
                f'model_wrapper_cfg: ShardedModel cannot train with {type(module.loss_weighting).__name__}, which '
                'combines the gradients of single tasks; use a loss weighting without gradients, such as '
                'UncertaintyWeighting, or remove model_wrapper_cfg'
            )
        self.module = module
        self.blocks = blocks
        self.sharded_blocks: list[Any] = []
        self.is_sharded = False

    def shard(self) -> None:
        """Divide the parameters among the processes. Must be called on every process, which all have equal weights.

        Raises:
            ConfigError: A parameter is a scalar.
        """
        from torch.distributed.fsdp import fully_shard  # which imports torch._dynamo

        for name, parameter in self.module.named_parameters():
            if parameter.dim() == 0:
                raise ConfigError(
                    f'model_wrapper_cfg: ShardedModel cannot divide {name}, a scalar; make its shape (1,)'
                )
        mesh = init_device_mesh(next(self.module.parameters()).device.type, (get_world_size(),))
        for block in self.module.backbone.members(self.blocks).values():
            if any(True for _ in block.parameters()):
                self.sharded_blocks.append(fully_shard(block, mesh=mesh, reshard_after_forward=True))
        fully_shard(self.module, mesh=mesh, reshard_after_forward=False)
        self.is_sharded = True

    def train(self, mode: bool = True) -> 'ShardedModel':
        """Set the mode. In evaluation mode, all parameters are gathered; must be called on every process then."""
        super().train(mode)
        if self.is_sharded:
            root: Any = self.module
            for module in (root, *self.sharded_blocks):
                (module.reshard if mode else module.unshard)()
            for block in self.sharded_blocks:
                block.set_reshard_after_forward(mode)
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model."""
        return self.module(*args, **kwargs)

    def train_step(self, data: dict[str, Any], optim_wrapper: Any) -> dict[str, Tensor]:
        """Run a training step of the model."""
        return self.module.train_step(data, optim_wrapper)

    def val_step(self, data: dict[str, Any]) -> list[MultiTaskDataSample]:
        """Predict in a validation."""
        return self.module.val_step(data)

    def test_step(self, data: dict[str, Any]) -> list[MultiTaskDataSample]:
        """Predict in a test."""
        return self.module.test_step(data)


def local_bytes(tensors: Iterable[Tensor]) -> int:
    """Return the number of bytes that tensors take in this process; tensors of one storage count once."""
    storages = [(tensor.to_local() if isinstance(tensor, DTensor) else tensor).untyped_storage() for tensor in tensors]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
