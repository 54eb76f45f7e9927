"""Whole tensors in checkpoints of sharded runs, so that sharded and other runs read each other's."""

from typing import Any

from mmengine.dist import is_main_process
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor


def gather_tensors(value: Any) -> Any:
    """Replace every sharded tensor in nested dicts and lists by the whole tensor, on the CPU of the main process.

    Must be called on every process. The others keep their shards, which saves memory: only the main process writes.
    """
    if isinstance(value, DTensor):
        whole = value.full_tensor()
        return whole.cpu() if is_main_process() else value
    if isinstance(value, dict):
        return type(value)({key: gather_tensors(item) for key, item in value.items()})
    if isinstance(value, list):
        return [gather_tensors(item) for item in value]
    return value


def shard_like(value: Any, parameter: Tensor) -> Any:
    """Return this process's part of a whole tensor, divided as a parameter; a value of a different shape is unchanged.

    Must be called on every process with the same value.
    """
    if not isinstance(parameter, DTensor) or not isinstance(value, Tensor) or value.shape != parameter.shape:
        return value
    return distribute_tensor(value.detach(), parameter.device_mesh, parameter.placements)
