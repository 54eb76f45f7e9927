"""Continue a run from a checkpoint: what has been learnt is the checkpoint's, what is still to come is the config's."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.dist import all_gather
from mmengine.hooks import EMAHook
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from torch import nn

from mmmtl.checkpoints.random_state import set_random_state
from mmmtl.checkpoints.resume_check import check_same_run, selection_change
from mmmtl.checkpoints.resume_optimizer import load_gradients, load_optimizer, load_plateau_states, replay_schedulers
from mmmtl.errors import CheckpointError

NEEDED = ('meta', 'optimizer', 'random_state', 'message_hub')


def resume(runner: Runner, checkpoint: Mapping[str, Any], source: str) -> None:
    """Put a runner that is built, and has the checkpoint's weights, to where the checkpoint was written.

    Every schedule stands where the runner's own config puts it at that place. With an unchanged config the run goes on
    as if it had never stopped, to the last bit; what has changed is logged.

    Args:
        runner: A `MultiTaskRunner` in `train`, before its first step.
        checkpoint: From `read_checkpoint`.
        source: Its file, for messages.

    Raises:
        CheckpointError: The checkpoint holds no run, or one that cannot go on with this config.
    """
    missing = [name for name in NEEDED if name not in checkpoint]
    if missing:
        raise CheckpointError(
            f'{source}: cannot be resumed from, it lacks {", ".join(missing)}; start from its '
            'weights instead: --cfg-options load_from=FILE'
        )
    meta = checkpoint['meta']
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    check_averages(runner, checkpoint, source)
    check_parameter_order(checkpoint['state_dict'], model.state_dict(), source)
    check_seed(runner, meta['seed'], source)
    changes = {}
    if 'recipe_entries' in meta:
        changes = check_same_run(meta, runner.recipe, runner.cfg.get('resume_despite') or (), source)
    else:
        runner.logger.warning(
            f'{source}: written by an earlier version, without its recipe: it could not be compared with this config'
        )
    if changes:
        runner.logger.warning(
            'the config has changed, and applies as it is now: '
            + '; '.join(f'{key} {change}' for key, change in changes.items())
        )
    set_progress(runner, meta)
    restore_log(runner, checkpoint['message_hub'], changes)
    restore_optimizer(runner, model, checkpoint, source)
    restore_random_state(runner, checkpoint['random_state'], source)
    runner.logger.info(f'resumed from {source} at epoch {runner.epoch}, iteration {runner.iter}')


def check_averages(runner: Runner, checkpoint: Mapping[str, Any], source: str) -> None:
    """With an `EMAHook`, a checkpoint's weights are the averages; only the hook can exchange them for the run's own."""
    if 'ema_state_dict' in checkpoint and not any(isinstance(hook, EMAHook) for hook in runner.hooks):
        raise CheckpointError(
            f'{source}: its weights are averages of an EMAHook, which this config lacks; add '
            "custom_hooks=[dict(type='EMAHook')] to resume, or start from the averages: "
            '--cfg-options load_from=FILE'
        )


def check_parameter_order(saved: Iterable[str], own: Iterable[str], source: str) -> None:
    """The optimiser and the weightings know parameters and tasks by their number."""
    for old, new in zip(saved, own, strict=True):
        if old != new:
            raise CheckpointError(
                f'{source}: written by a run whose weights are in another order (the first is {old} '
                f'where this run has {new}); list tasks, heads and losses in the order that they had'
            )


def check_seed(runner: Runner, seed: int, source: str) -> None:
    """The order of the images is a function of the seed."""
    own = all_gather(torch.tensor(runner.seed))[0].item()  # the first process's: it is the one that was saved
    if seed != own:
        raise CheckpointError(
            f'{source}: written with seed {seed}, this run has {own}; set '
            f'--cfg-options randomness.seed={seed} to resume'
        )


def set_progress(runner: Runner, meta: Mapping[str, Any]) -> None:
    """Set epoch and iteration; a loop of epochs goes to the beginning of the epoch that comes next."""
    loop = runner.train_loop
    epoch, iteration = resume_position(loop, meta['epoch'], meta['iter'])
    if iteration != meta['iter']:
        runner.logger.warning(
            f'an epoch has {len(loop.dataloader)} iterations now: the run goes on with epoch '
            f'{epoch + 1}, which begins at iteration {iteration} and not at {meta["iter"]}'
        )
    loop._epoch, loop._iter = epoch, iteration
    if iteration >= loop.max_iters:
        runner.logger.warning(
            f'nothing is left to train: {iteration} iterations are done, this config has {loop.max_iters}'
        )


def resume_position(loop: BaseLoop, epoch: int, iteration: int) -> tuple[int, int]:
    """Where a loop goes on after so many epochs (0 from a loop of iterations) and iterations."""
    if not isinstance(loop, EpochBasedTrainLoop):
        return 0, iteration
    length = len(loop.dataloader)
    epoch = epoch or iteration // length
    return epoch, epoch * length


def restore_log(runner: Runner, saved: Mapping[str, Any], changes: Mapping[str, str]) -> None:
    """Restore the history of the log, and the best score so far where it is a measure for the scores to come."""
    hub = runner.message_hub
    for name, history in saved['log_scalars'].items():
        hub.log_scalars[name] = HistoryBuffer(history['log_history'], history['count_history'])
    hub.update_info_dict({'epoch': runner.epoch, 'iter': runner.iter})
    change = selection_change(changes)
    if change and saved['best_scores']:
        runner.logger.warning(f'the best checkpoint is chosen anew, scores of before do not compare: {change}')
    else:
        hub.update_info_dict(saved['best_scores'])


def restore_optimizer(runner: Runner, model: nn.Module, checkpoint: Mapping[str, Any], source: str) -> None:
    """Put the schedules to this place, then load what the optimiser remembers and the gradients of half a step."""
    loop, schedulers = runner.train_loop, runner.param_schedulers or []
    try:
        replay_schedulers(
            schedulers, runner.iter, len(loop.dataloader) if isinstance(loop, EpochBasedTrainLoop) else None
        )
    except ValueError as error:  # OneCycleLR beyond its end
        raise CheckpointError(f'{source}: param_scheduler does not reach iteration {runner.iter}: {error}') from None
    load_optimizer(
        runner.optim_wrapper,
        checkpoint['optimizer'],
        checkpoint.get('first_settings'),
        runner.first_settings,
        schedulers,
        source,
    )
    load_plateau_states(schedulers, checkpoint.get('param_schedulers', []))
    before, now = (recipe.get('learnt_from', {}) for recipe in (checkpoint['meta'], runner.recipe))
    if before.get('accumulative_counts') == now['accumulative_counts']:
        load_gradients(model, checkpoint.get('gradients', {}))


def restore_random_state(runner: Runner, states: Mapping[str, torch.Tensor], source: str) -> None:
    """Restore each process's generators; those of a process that was not there before begin with the seed."""
    processes = len(states['torch'])
    if processes != runner.world_size:
        runner.logger.warning(
            f'{source} was written by {processes} processes, now there are {runner.world_size}: the '
            'random numbers inside the network go on differently'
        )
    if runner.rank < processes:
        set_random_state({name: values[runner.rank] for name, values in states.items()})
