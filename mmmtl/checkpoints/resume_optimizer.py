"""The optimiser of a resumed run: what it remembers is the checkpoint's, what it is set to is the config's."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper, ReduceOnPlateauParamScheduler, _ParamScheduler
from torch import Tensor, nn

from mmmtl.checkpoints.checkpoint import to_plain_values
from mmmtl.errors import CheckpointError

SCHEDULED = {'lr', 'momentum', 'betas'}
PLATEAU = ('best', 'num_bad_epochs', 'cooldown_counter', 'last_step', '_last_value')


def group_settings(optim_wrapper: OptimWrapper) -> list[dict[str, Any]]:
    """The settings of every group of parameters as plain values: learning rate, weight decay, betas, ..."""
    return to_plain_values(
        [
            {key: value for key, value in group.items() if key != 'params'}
            for group in optim_wrapper.optimizer.param_groups
        ]
    )


def scheduler_states(schedulers: Iterable[_ParamScheduler]) -> list[dict[str, Any]]:
    """Their states without functions, which a checkpoint cannot hold (`OneCycleLR` keeps one)."""
    return [
        {key: value for key, value in scheduler.state_dict().items() if not callable(value)} for scheduler in schedulers
    ]


def replay_schedulers(schedulers: Sequence[_ParamScheduler], iterations: int, epoch_length: int | None) -> None:
    """Step fresh schedulers as a run of so many iterations has stepped them, so that they and the groups of parameters
    stand where the given config puts them, to the last bit.

    Args:
        schedulers: Not stepped yet.
        iterations: Done so far.
        epoch_length: In iterations; None in a loop of iterations, which ends no epoch before its end.
    """
    by_iteration = [scheduler for scheduler in schedulers if not scheduler.by_epoch]
    by_epoch = [scheduler for scheduler in schedulers if scheduler.by_epoch]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # they are stepped without a step of the optimiser
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
    source: str,
) -> None:
    """Load what the optimiser remembers, and leave its groups as the config and its schedules have set them.

    An optimiser may also keep what it remembers in its groups (Prodigy, schedule-free ones): a value is the
    checkpoint's where no schedule moves it and the config gave both runs the same one to begin with.

    Args:
        optim_wrapper: After `replay_schedulers`.
        saved: Its state in the checkpoint.
        before: `group_settings` with which the stopped run began; None in a checkpoint of an earlier version.
        now: `group_settings` with which this run began.
        schedulers: Of this run. The value that a `ReduceOnPlateauLR` moves follows from scores of the past, so it is
            the checkpoint's.
        source: The checkpoint, for messages.

    Raises:
        CheckpointError: The groups are not those of the checkpoint.
    """
    groups = optim_wrapper.optimizer.param_groups
    shapes = [[(group.get('name'), len(group['params'])) for group in some] for some in (saved['param_groups'], groups)]
    if shapes[0] != shapes[1]:
        raise CheckpointError(
            f'{source}: the optimiser had {len(shapes[0])} groups of parameters, now it has '
            f'{len(shapes[1])} or other ones, so its state cannot be taken over; restore '
            'optim_wrapper, or start from the weights: --cfg-options load_from=FILE'
        )
    moved = SCHEDULED | {scheduler.param_name for scheduler in schedulers}
    moved -= {scheduler.param_name for scheduler in plateau_schedulers(schedulers)}
    merged = []
    for number, (old, new) in enumerate(zip(saved['param_groups'], groups, strict=True)):
        kept = {
            key: value
            for key, value in old.items()
            if key not in moved and (before is None or before[number].get(key) == now[number].get(key))
        }
        merged.append({**new, **kept})
    optim_wrapper.load_state_dict(
        {**{key: value for key, value in saved.items() if key != 'base_param_settings'}, 'param_groups': merged}
    )


def plateau_schedulers(schedulers: Iterable[_ParamScheduler]) -> list[ReduceOnPlateauParamScheduler]:
    """Those that follow validation scores."""
    return [scheduler for scheduler in schedulers if isinstance(scheduler, ReduceOnPlateauParamScheduler)]


def load_plateau_states(schedulers: Sequence[_ParamScheduler], states: Sequence[Mapping[str, Any]]) -> None:
    """Restore what schedulers know of past scores, each from the state at its place."""
    for scheduler, state in zip(schedulers, states, strict=False):
        if isinstance(scheduler, ReduceOnPlateauParamScheduler) and 'num_bad_epochs' in state:
            scheduler.load_state_dict({key: state[key] for key in PLATEAU})


# -- gradients of a step that is not complete ---------------------------------------------------------------------


def pending_gradients(model: nn.Module, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
    """The gradients that ``accumulative_counts`` has added up for a step to come, means over the processes.

    Must be called on every process.
    """
    if optim_wrapper.should_update():
        return {}
    parameters = dict(model.named_parameters())
    present = torch.tensor([parameter.grad is not None for parameter in parameters.values()], dtype=torch.int32)
    all_reduce(present, op='max')
    gradients = {}
    for (name, parameter), there in zip(parameters.items(), present.tolist(), strict=True):
        if there:
            gradients[name] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
            all_reduce(gradients[name], op='mean')
    return gradients


def load_gradients(model: nn.Module, gradients: Mapping[str, Tensor]) -> None:
    """Give every process the mean of what all had; that the next step takes the mean again changes nothing."""
    parameters = dict(model.named_parameters())
    for name, gradient in gradients.items():
        parameters[name].grad = gradient.to(parameters[name])
