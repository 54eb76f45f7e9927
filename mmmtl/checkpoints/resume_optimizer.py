"""Restore the optimizer of a resumed run: its state comes from the checkpoint, its settings from the config."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper, ReduceOnPlateauParamScheduler, _ParamScheduler
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from mmmtl.checkpoints.checkpoint import to_plain_values
from mmmtl.checkpoints.sharded_tensors import shard_like
from mmmtl.errors import CheckpointError

# settings of a parameter group that a scheduler may change
SCHEDULED_SETTINGS = {'lr', 'momentum', 'betas'}
# the attributes of ReduceOnPlateauLR that depend on past scores
PLATEAU_STATE = ('best', 'num_bad_epochs', 'cooldown_counter', 'last_step', '_last_value')


def group_settings(optim_wrapper: OptimWrapper) -> list[dict[str, Any]]:
    """Return the settings of every parameter group as plain values: learning rate, weight decay, betas, ..."""
    return to_plain_values(
        [
            {key: value for key, value in group.items() if key != 'params'}
            for group in optim_wrapper.optimizer.param_groups
        ]
    )


def scheduler_states(schedulers: Iterable[_ParamScheduler]) -> list[dict[str, Any]]:
    """Return the scheduler states without functions, such as that of `OneCycleLR`, which a checkpoint cannot store."""
    return [
        {key: value for key, value in scheduler.state_dict().items() if not callable(value)} for scheduler in schedulers
    ]


def replay_schedulers(schedulers: Sequence[_ParamScheduler], iterations: int, epoch_length: int | None) -> None:
    """Step new schedulers as often as a run of ``iterations`` iterations does.

    Afterwards, schedulers and parameter groups are bitwise identical to those of an uninterrupted run.

    Args:
        schedulers: Schedulers that have not been stepped.
        iterations: Completed iterations.
        epoch_length: Iterations per epoch; None in an iteration-based loop, whose only epoch is the whole run.
    """
    by_iteration = [scheduler for scheduler in schedulers if not scheduler.by_epoch]
    by_epoch = [scheduler for scheduler in schedulers if scheduler.by_epoch]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # PyTorch warns if a scheduler is stepped before its optimizer
        for done in range(1, iterations + 1):
            for scheduler in by_iteration:
                scheduler.step()
            if epoch_length and done % epoch_length == 0:
                for scheduler in by_epoch:
                    scheduler.step()


def load_optimizer(
    optim_wrapper: OptimWrapper,
    saved: Mapping[str, Any],
    initial_before: Sequence[Mapping[str, Any]] | None,
    initial_now: Sequence[Mapping[str, Any]],
    schedulers: Sequence[_ParamScheduler],
    file: str,
) -> None:
    """Load the optimizer state; settings of parameter groups come from the config and the replayed schedulers.

    Some optimizers (Prodigy, schedule-free ones) also store state in their parameter groups. A setting is therefore
    restored from the checkpoint if no scheduler changes it and both runs started with the same value.

    Args:
        optim_wrapper: Optimizer wrapper after `replay_schedulers`.
        saved: State of the optimizer wrapper in the checkpoint.
        initial_before: Initial `group_settings` of the interrupted run; None if an earlier version wrote the
            checkpoint.
        initial_now: Initial `group_settings` of this run.
        schedulers: Schedulers of this run. A setting that a `ReduceOnPlateauLR` changes depends on past scores, so it
            is restored from the checkpoint.
        file: Checkpoint file, for error messages.

    Raises:
        CheckpointError: The parameter groups differ from those of the checkpoint.
    """
    groups = optim_wrapper.optimizer.param_groups
    saved_layout, layout = (
        [(group.get('name'), len(group['params'])) for group in param_groups]
        for param_groups in (saved['param_groups'], groups)
    )
    if saved_layout != layout:
        raise CheckpointError(
            f'{file}: the {len(saved_layout)} parameter groups of its optimizer do not match the {len(layout)} of this '
            'run in names and numbers of parameters, so the optimizer state cannot be restored; use the optim_wrapper '
            'of the interrupted run, or start from the weights alone: --cfg-options load_from=FILE'
        )
    scheduled = SCHEDULED_SETTINGS | {scheduler.param_name for scheduler in schedulers}
    scheduled -= {scheduler.param_name for scheduler in plateau_schedulers(schedulers)}
    merged = []
    for index, (saved_group, group) in enumerate(zip(saved['param_groups'], groups, strict=True)):
        restored = {
            key: value
            for key, value in saved_group.items()
            if key not in scheduled
            and (initial_before is None or initial_before[index].get(key) == initial_now[index].get(key))
        }
        merged.append({**group, **restored})
    parameters = [parameter for group in groups for parameter in group['params']]
    state = {
        index: {key: shard_like(value, parameters[index]) for key, value in values.items()}
        for index, values in saved['state'].items()
    }
    others = {key: value for key, value in saved.items() if key != 'base_param_settings'}
    optim_wrapper.load_state_dict({**others, 'state': state, 'param_groups': merged})


def plateau_schedulers(schedulers: Iterable[_ParamScheduler]) -> list[ReduceOnPlateauParamScheduler]:
    """Return the schedulers that depend on validation scores."""
    return [scheduler for scheduler in schedulers if isinstance(scheduler, ReduceOnPlateauParamScheduler)]


def load_plateau_states(schedulers: Sequence[_ParamScheduler], states: Sequence[Mapping[str, Any]]) -> None:
    """Restore the past scores of the `ReduceOnPlateauLR` schedulers, each from the state at its index."""
    for scheduler, state in zip(schedulers, states, strict=False):
        if isinstance(scheduler, ReduceOnPlateauParamScheduler) and 'num_bad_epochs' in state:
            scheduler.load_state_dict({key: state[key] for key in PLATEAU_STATE})


# -- accumulated gradients of an incomplete step ---------------------------------------------------------------------


def pending_gradients(model: nn.Module, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
    """Return the gradients accumulated for the next optimizer step (``accumulative_counts``), averaged over all ranks.

    Those of a sharded model are averaged in every iteration already. Must be called on every rank.
    """
    if optim_wrapper.should_update():
        return {}
    parameters = dict(model.named_parameters())
    has_gradient = torch.tensor([parameter.grad is not None for parameter in parameters.values()], dtype=torch.int32)
    all_reduce(has_gradient, op='max')
    gradients = {}
    for (name, parameter), on_any_rank in zip(parameters.items(), has_gradient.tolist(), strict=True):
        if on_any_rank:
            gradients[name] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
            if not isinstance(parameter, DTensor):
                all_reduce(gradients[name], op='mean')
    return gradients


def load_gradients(model: nn.Module, gradients: Mapping[str, Tensor]) -> None:
    """Set the gradients to those of `pending_gradients` on every rank.

    They are equal on all ranks, so the average over the ranks in the next step leaves them unchanged.
    """
    parameters = dict(model.named_parameters())
    for name, gradient in gradients.items():
        parameter = parameters[name]
        parameter.grad = shard_like(gradient.to(parameter.device, parameter.dtype), parameter)
