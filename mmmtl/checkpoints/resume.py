"""Resume a run: its past comes from the checkpoint, its schedules and settings from the config."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.dist import all_gather
from mmengine.hooks import EMAHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from torch import nn

from mmmtl.checkpoints.random_state import set_random_state
from mmmtl.checkpoints.resumable_epoch_loop import epoch_length, resume_position
from mmmtl.checkpoints.resume_check import check_same_run, selection_change
from mmmtl.checkpoints.resume_optimizer import load_gradients, load_optimizer, load_plateau_states, replay_schedulers
from mmmtl.errors import CheckpointError
from mmmtl.model_wrapper import unwrap_model

REQUIRED = ('meta', 'optimizer', 'random_state', 'message_hub')


def resume(runner: Runner, checkpoint: Mapping[str, Any], file: str) -> None:
    """Restore optimizer, schedules, log and random generators of a run.

    Schedules are where the runner's config puts them at this iteration. With an unchanged config the run continues bit
    for bit as if it had not been interrupted; changes of the config are logged.

    Args:
        runner: A `MultiTaskRunner` in `train`, before its first step, with the checkpoint's weights already loaded.
        checkpoint: From `read_checkpoint`.
        file: The checkpoint's file, for messages.

    Raises:
        CheckpointError: The checkpoint has only weights, or belongs to a run that this config cannot continue.
    """
    missing = [name for name in REQUIRED if name not in checkpoint]
    if missing:
        raise CheckpointError(
            f'{file}: cannot resume from it, it lacks {", ".join(missing)}; start from its '
            'weights instead: --cfg-options load_from=FILE'
        )
    meta = checkpoint['meta']
    model = unwrap_model(runner.model)
    check_averages(runner, checkpoint, file)
    check_parameter_order(checkpoint['state_dict'], model.state_dict(), file)
    check_seed(runner, meta['seed'], file)
    changes = {}
    if 'recipe_entries' in meta:
        changes = check_same_run(meta, runner.recipe, runner.cfg.get('resume_despite') or (), file)
    else:
        runner.logger.warning(
            f'{file}: written by an earlier version without the recipe, so it was not compared with this config'
        )
    if changes:
        runner.logger.warning(
            'the config has changed; the current one is used: '
            + '; '.join(f'{key} {change}' for key, change in changes.items())
        )
    set_progress(runner, meta)
    restore_log(runner, checkpoint['message_hub'], changes)
    restore_optimizer(runner, model, checkpoint, file)
    restore_random_state(runner, checkpoint['random_state'], file)
    runner.logger.info(f'resumed from {file} at epoch {runner.epoch}, iteration {runner.iter}')


def check_averages(runner: Runner, checkpoint: Mapping[str, Any], file: str) -> None:
    """Check that a run with averaged weights has an `EMAHook`, which swaps the averages and the trained weights.

    Raises:
        CheckpointError: The checkpoint's weights are averages, and the runner has no such hook.
    """
    if 'ema_state_dict' in checkpoint and not any(isinstance(hook, EMAHook) for hook in runner.hooks):
        raise CheckpointError(
            f'{file}: its weights are averages of an EMAHook, which this config lacks; add '
            "custom_hooks=[dict(type='EMAHook')] to resume, or start from the averages: "
            '--cfg-options load_from=FILE'
        )


def check_parameter_order(saved: Iterable[str], current: Iterable[str], file: str) -> None:
    """Check the order of weights: optimizer and loss weighting address parameters and tasks by index.

    Args:
        saved: Keys of the checkpoint's ``state_dict``.
        current: Keys of the model's.
        file: The checkpoint's file, for messages.

    Raises:
        CheckpointError: The order differs.
    """
    for saved_key, key in zip(saved, current, strict=True):
        if saved_key != key:
            raise CheckpointError(
                f'{file}: written by a run whose weights are in a different order (first difference: {saved_key}, '
                f'here {key}); restore the order of tasks, heads and losses in the config'
            )


def check_seed(runner: Runner, seed: int, file: str) -> None:
    """Check that the seed is the checkpoint's, since the order of images follows from it.

    Raises:
        CheckpointError: The seeds differ.
    """
    current = all_gather(torch.tensor(runner.seed))[0].item()  # rank 0's, which is the one that is saved
    if seed != current:
        raise CheckpointError(
            f'{file}: written with seed {seed}, this run has {current}; set --cfg-options '
            f'randomness.seed={seed} to resume'
        )


def set_progress(runner: Runner, meta: Mapping[str, Any]) -> None:
    """Set epoch and iteration of the training loop.

    Args:
        runner: The runner.
        meta: ``epoch``, ``iter`` and ``epoch_length`` of the checkpoint.
    """
    loop = runner.train_loop
    epoch, iteration = resume_position(loop, meta['epoch'], meta['iter'], meta.get('epoch_length'))
    if iteration != meta['iter']:
        runner.logger.warning(
            f'an epoch now has {len(loop.dataloader)} iterations: the run continues with epoch '
            f'{epoch + 1}, which starts at iteration {iteration} instead of {meta["iter"]}'
        )
    loop._epoch, loop._iter = epoch, iteration
    if iteration >= loop.max_iters:
        runner.logger.warning(
            f'training is already complete: {iteration} iterations are done, this config has {loop.max_iters}'
        )


def restore_log(runner: Runner, saved: Mapping[str, Any], changes: Mapping[str, str]) -> None:
    """Restore the log history, and the best score if the config selects the best checkpoint in the same way.

    Args:
        runner: The runner.
        saved: ``message_hub`` of the checkpoint.
        changes: From `check_same_run`.
    """
    hub = runner.message_hub
    for name, history in saved['log_scalars'].items():
        hub.log_scalars[name] = HistoryBuffer(history['log_history'], history['count_history'])
    hub.update_info_dict({'epoch': runner.epoch, 'iter': runner.iter})
    change = selection_change(changes)
    if change and saved['best_scores']:
        runner.logger.warning(f'the best score so far is dropped, it is not comparable with new scores: {change}')
    else:
        hub.update_info_dict(saved['best_scores'])


def restore_optimizer(runner: Runner, model: nn.Module, checkpoint: Mapping[str, Any], file: str) -> None:
    """Replay the schedules up to this iteration, then load the optimizer state and accumulated gradients.

    Raises:
        CheckpointError: A schedule ends before this iteration, or the optimizer state does not fit.
    """
    schedulers = runner.param_schedulers or []
    try:
        replay_schedulers(schedulers, runner.iter, epoch_length(runner.train_loop))
    except ValueError as error:  # OneCycleLR beyond its end
        raise CheckpointError(
            f'{file}: param_scheduler ends before iteration {runner.iter}: {error}; extend it'
        ) from None
    load_optimizer(
        runner.optim_wrapper,
        checkpoint['optimizer'],
        checkpoint.get('first_settings'),
        runner.initial_settings,
        schedulers,
        file,
    )
    load_plateau_states(schedulers, checkpoint.get('param_schedulers', []))
    before, now = (recipe.get('learnt_from', {}) for recipe in (checkpoint['meta'], runner.recipe))
    if before.get('accumulative_counts') == now['accumulative_counts']:
        load_gradients(model, checkpoint.get('gradients', {}))


def restore_random_state(runner: Runner, states: Mapping[str, torch.Tensor], file: str) -> None:
    """Restore the random generators of each rank; ranks that the checkpoint does not have keep their seed."""
    processes = len(states['torch'])
    if processes != runner.world_size:
        runner.logger.warning(
            f'{file}: was written by {processes} processes, now there are {runner.world_size}: random numbers '
            'inside the network (dropout) differ from those of an uninterrupted run'
        )
    if runner.rank < processes:
        set_random_state({name: values[runner.rank] for name, values in states.items()})
