"""Short runs with a `ShardedModel` and without, in several processes of one group; run as a script.

    python sharded_runs.py FOLDER PROCESSES

Two processes train everything that `test_sharding.py` compares; three train one sharded run.
"""

import os
import sys
from pathlib import Path
from typing import Any

import torch
from forked_processes import run_forked
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from tiny_run import tiny_run

from mmmtl.hooks import ActivationCheckpointingHook
from mmmtl.models.sharded_model import local_bytes

WHOLE_BATCH = 6
SHARDED = dict(model_wrapper_cfg=dict(type='mmmtl.ShardedModel'))
# 6 iterations, a checkpoint after 3: with two batches per step, that is within a step
SETTINGS: dict[str, dict[str, Any]] = {
    'steps': {},
    'accumulated': dict(optim_wrapper__accumulative_counts=2, optim_wrapper__optimizer__fused=True),
    'bfloat16': dict(
        optim_wrapper__type='mmmtl.MixedPrecisionOptimWrapper',
        optim_wrapper__clip_grad={'_delete_': True, 'type': 'value', 'clip_value': 0.01},
    ),
}


class Infinite(Hook):
    """Makes one value of the features infinite on the last process, in iteration 2."""

    def before_train(self, runner) -> None:
        runner.unwrapped_model.neck.register_forward_pre_hook(self.spoil)
        self.runner = runner

    def spoil(self, neck, inputs: tuple) -> None:
        if self.runner.iter == 2 and get_rank() == get_world_size() - 1:
            inputs[0][-1].data.view(-1)[0] = torch.inf


class Memory(Hook):
    """Counts the bytes of parameters, gradients and optimizer state in this process."""

    def __init__(self) -> None:
        self.bytes: dict[str, int] = {}

    def before_train(self, runner) -> None:
        step = runner.optim_wrapper.step

        def count_and_step(**kwargs) -> None:
            parameters = list(runner.unwrapped_model.parameters())
            self.bytes['gradients'] = local_bytes(p.grad for p in parameters if p.grad is not None)
            step(**kwargs)

        runner.optim_wrapper.step = count_and_step

    def after_train(self, runner) -> None:
        states = runner.optim_wrapper.optimizer.state.values()
        runner.model.train()
        self.bytes['parameters'] = local_bytes(runner.unwrapped_model.parameters())
        self.bytes['state'] = local_bytes(value for state in states for value in state.values() if value.dim())


def train(name: str, *hooks: Hook, **options: Any) -> Any:
    """Train 6 iterations; write checkpoints to a folder of that name."""
    os.environ['LOCAL_RANK'] = str(get_rank())  # MMEngine's runner reads it
    batch = WHOLE_BATCH // get_world_size()
    named = {str(number): hook for number, hook in enumerate(hooks)}
    sizes = dict(train_dataloader__batch_size=batch, val_dataloader__batch_size=1)
    runner = tiny_run(FOLDER / name, named, 'tiny_vit.py', launcher='pytorch', **sizes, **options)
    runner.train()
    return runner


def compare() -> dict[str, Any]:
    """Train with each setting, sharded and not, and resume each run from the checkpoint of the other."""
    memory = {'plain': Memory(), 'sharded': Memory()}
    for name, options in SETTINGS.items():
        hooks = [[hook] if name == 'steps' else [] for hook in memory.values()]
        train(f'{name}_plain', *hooks[0], **options)
        train(f'{name}_sharded', *hooks[1], **options, **SHARDED)
    saved = {
        kind: dict(SETTINGS['accumulated'], resume=True, load_from=str(FOLDER / f'accumulated_{kind}' / 'iter_3.pth'))
        for kind in memory
    }
    train('plain_then_sharded', **saved['plain'], **SHARDED)
    train('sharded_then_plain', **saved['sharded'])
    train('sharded_then_sharded', **saved['sharded'], **SHARDED)
    for kind, options in (('plain', {}), ('sharded', SHARDED)):
        train(f'infinite_{kind}', Infinite(), **options)
    train('recomputed', ActivationCheckpointingHook(), **SHARDED)
    return {kind: hook.bytes for kind, hook in memory.items()}


def alone() -> dict[str, Any]:
    """Train one sharded run."""
    train('alone', **SHARDED)
    return {}


if __name__ == '__main__':
    FOLDER = Path(sys.argv[1])
    COUNT = int(sys.argv[2])
    run_forked(compare if COUNT == 2 else alone, FOLDER, COUNT)
