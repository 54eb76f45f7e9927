"""Shard the model of a runner, and check that the config works with it."""

from mmengine.hooks import EMAHook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import optim

from mmmtl.errors import ConfigError
from mmmtl.models.sharded_model import ShardedModel, local_bytes

# They update every value from its own gradient and state, so each process can update its part.
ELEMENTWISE = (
    optim.SGD,
    optim.Adam,
    optim.AdamW,
    optim.NAdam,
    optim.RAdam,
    optim.Adamax,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
)


def shard_model(runner: Runner, model: ShardedModel) -> None:
    """Divide the initialized parameters of a runner's model among the processes. Must be called on every process.

    Raises:
        ConfigError: The config has a part that needs whole parameters.
    """
    if any(isinstance(hook, EMAHook) for hook in runner.hooks):
        raise ConfigError(
            'custom_hooks: EMAHook copies the whole network, which ShardedModel cannot; remove the hook, or '
            'model_wrapper_cfg'
        )
    if runner.cfg.get('find_unused_parameters'):
        raise ConfigError(
            'find_unused_parameters: with ShardedModel, every process must use every trainable parameter; remove it, '
            'or model_wrapper_cfg'
        )
    whole = local_bytes(model.parameters())
    model.shard()
    runner.logger.info(
        f'ShardedModel: {len(model.sharded_blocks)} blocks of the backbone are gathered one at a time; this process '
        f'keeps {local_bytes(model.parameters()) / 1e6:.1f} MB of the {whole / 1e6:.1f} MB of the parameters'
    )


def check_optimizer(wrapper: OptimWrapper) -> None:
    """Check that an optimizer treats every value of a parameter separately, as the processes each have a part.

    Raises:
        ConfigError: It is of a different kind.
    """
    if type(wrapper.optimizer) not in ELEMENTWISE:
        raise ConfigError(
            f'optim_wrapper.optimizer.type: {type(wrapper.optimizer).__name__} is not known to work with ShardedModel; '
            f'use one of {", ".join(kind.__name__ for kind in ELEMENTWISE)}'
        )
