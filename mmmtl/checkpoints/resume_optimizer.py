"""Restore the optimizer of a resumed run: its state comes from the checkpoint, its settings from the config."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper, ReduceOnPlateauParamScheduler, _ParamScheduler
from torch import Tensor, nn

from mmmtl.checkpoints.checkpoint import to_plain_values
from mmmtl.errors import CheckpointError

# settings that schedules change
SCHEDULED = {'lr', 'momentum', 'betas'}
# state of a ReduceOnPlateauLR
PLATEAU = ('best', 'num_bad_epochs', 'cooldown_counter', 'last_step', '_last_value')


def group_settings(optim_wrapper: OptimWrapper) -> list[dict[str, Any]]:
    """Return the settings of every parameter group as plain values: learning rate, weight decay, betas, ..."""
    return to_plain_values(
        [
            {key: value for key, value in group.items() if key != 'params'}
            for group in optim_wrapper.optimizer.param_groups
        ]
    )


def scheduler_states(schedulers: Iterable[_ParamScheduler]) -> list[dict[str, Any]]:
    """Return the states of schedulers without functions, which a checkpoint cannot hold (`OneCycleLR` has one)."""
    return [
        {key: value for key, value in scheduler.state_dict().items() if not callable(value)} for scheduler in schedulers
    ]


def replay_schedulers(schedulers: Sequence[_ParamScheduler], iterations: int, epoch_length: int | None) -> None:
    """Step new schedulers as a run of the given length has stepped them.

    Afterwards schedulers and parameter groups have the same state, bit for bit, as in an uninterrupted run.

    Args:
        schedulers: Schedulers that have not been stepped.
        iterations: Completed iterations.
        epoch_length: Iterations per epoch; None in an iteration-based loop, whose only epoch is the whole run.
    """
    by_iteration = [scheduler for scheduler in schedulers if not scheduler.by_epoch]
    by_epoch = [scheduler for scheduler in schedulers if scheduler.by_epoch]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # that the optimizer has not been stepped
        for done in range(1, iterations + 1):
            for scheduler in by_iteration:
                scheduler.step()
            if epoch_length and done % epoch_length == 0:
                for scheduler in by_epoch:
                    scheduler.step()


def load_optimizer(
    optim_wrapper: OptimWrapper,
    saved: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]] | None,
    now: Sequence[Mapping[str, Any]],
    schedulers: Sequence[_ParamScheduler],
    file: str,
) -> None:
    """Load the optimizer state, but keep the group settings of the config and its schedules.

    Some optimizers store state in their groups (Prodigy, schedule-free ones). A value of a group is therefore restored
    from the checkpoint if no schedule changes it and both runs started with the same value.

    Args:
        optim_wrapper: The wrapper after `replay_schedulers`.
        saved: Its state in the checkpoint.
        before: Initial `group_settings` of the interrupted run; None in a checkpoint of an earlier version.
        now: Initial `group_settings` of this run.
        schedulers: Schedulers of this run. A value that a `ReduceOnPlateauLR` changes depends on past scores, so it is
            restored from the checkpoint.
        file: The checkpoint's file, for messages.

    Raises:
        CheckpointError: The parameter groups differ from those of the checkpoint.
    """
    groups = optim_wrapper.optimizer.param_groups
    shapes = [[(group.get('name'), len(group['params'])) for group in one] for one in (saved['param_groups'], groups)]
    if shapes[0] != shapes[1]:
        raise CheckpointError(
            f'{file}: its optimizer has {len(shapes[0])} parameter groups, this run {len(shapes[1])} or '
            'other ones, so its state cannot be restored; restore optim_wrapper in the config, or start from the '
            'weights: --cfg-options load_from=FILE'
        )
    moved = SCHEDULED | {scheduler.param_name for scheduler in schedulers}
    moved -= {scheduler.param_name for scheduler in plateau_schedulers(schedulers)}
    merged = []
    for index, (old, new) in enumerate(zip(saved['param_groups'], groups, strict=True)):
        kept = {
            key: value
            for key, value in old.items()
            if key not in moved and (before is None or before[index].get(key) == now[index].get(key))
        }
        merged.append({**new, **kept})
    optim_wrapper.load_state_dict(
        {**{key: value for key, value in saved.items() if key != 'base_param_settings'}, 'param_groups': merged}
    )


def plateau_schedulers(schedulers: Iterable[_ParamScheduler]) -> list[ReduceOnPlateauParamScheduler]:
    """Return the schedulers that depend on validation scores."""
    return [scheduler for scheduler in schedulers if isinstance(scheduler, ReduceOnPlateauParamScheduler)]


def load_plateau_states(schedulers: Sequence[_ParamScheduler], states: Sequence[Mapping[str, Any]]) -> None:
    """Restore the past scores of the `ReduceOnPlateauLR` schedulers, each from the state at its index."""
    for scheduler, state in zip(schedulers, states, strict=False):
        if isinstance(scheduler, ReduceOnPlateauParamScheduler) and 'num_bad_epochs' in state:
            scheduler.load_state_dict({key: state[key] for key in PLATEAU})


# -- accumulated gradients of an incomplete step ---------------------------------------------------------------------


def pending_gradients(model: nn.Module, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
    """Return the gradients accumulated (``accumulative_counts``) for the next step, averaged over all ranks.

    Must be called on every rank.
    """
    if optim_wrapper.should_update():
        return {}
    parameters = dict(model.named_parameters())
    present = torch.tensor([parameter.grad is not None for parameter in parameters.values()], dtype=torch.int32)
    all_reduce(present, op='max')
    gradients = {}
    for (name, parameter), exists in zip(parameters.items(), present.tolist(), strict=True):
        if exists:
            gradients[name] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
            all_reduce(gradients[name], op='mean')
    return gradients


def load_gradients(model: nn.Module, gradients: Mapping[str, Tensor]) -> None:
    """Set gradients to those of `pending_gradients`; averaging them again over the ranks does not change them."""
    parameters = dict(model.named_parameters())
    for name, gradient in gradients.items():
        parameters[name].grad = gradient.to(parameters[name])
