"""Join a process group, with or without GPUs: one process, torchrun or Slurm."""

import atexit
import os
import subprocess
import time
from typing import Any

import torch
import torch.distributed as dist
from mmengine.dist import init_dist, is_distributed

from mmmtl.errors import ConfigError

LAUNCHERS = ('none', 'pytorch', 'slurm')
SRUN = ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID')  # set by srun; a batch script has some of them


def init_distributed(launcher: str) -> None:
    """Join the process group of a launcher: nccl with a GPU, gloo without.

    MMEngine's launchers select a GPU first, so they fail on a machine without one.

    Args:
        launcher: ``'none'``, ``'pytorch'`` (torchrun sets the environment) or ``'slurm'`` (srun sets it). Under Slurm
            the port is derived from the job (`slurm_port`), unless ``MASTER_PORT`` is set.

    Raises:
        ConfigError: The launcher's environment variables are not set.
    """
    if launcher == 'none' or is_distributed():
        return
    if launcher == 'slurm':
        _slurm_environment()
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') if name not in os.environ]
    if missing:
        raise ConfigError(
            f'--launcher {launcher}: {", ".join(missing)} not set; start it with torchrun (tools/dist_train.sh does) '
            'or srun (tools/slurm_train.sh)'
        )
    if torch.cuda.is_available():
        init_dist('pytorch', backend='nccl', **_store_of_this_start())
    else:
        dist.init_process_group('gloo', **_store_of_this_start())
        atexit.register(_leave_group)


def _store_of_this_start() -> dict[str, Any]:
    """Return the store of the process group, if torchrun may restart the processes; otherwise nothing.

    torchrun keeps its store over restarts, and with it the addresses of the processes that it has ended
    (https://github.com/pytorch/pytorch/issues/135712). With more than one node, the numbers of restarts may differ
    between the nodes, so that the store is left to torchrun.
    """
    if os.environ.get('TORCHELASTIC_USE_AGENT_STORE') != 'True' or os.environ.get('GROUP_WORLD_SIZE') != '1':
        return {}
    store, rank, world_size = next(dist.rendezvous('env://'))
    prefix = f'start_{os.environ["TORCHELASTIC_RESTART_COUNT"]}'
    return {'store': dist.PrefixStore(prefix, store), 'rank': rank, 'world_size': world_size}


def _leave_group() -> None:
    """Leave the process group, if the program has not: gloo's threads must end before the interpreter does.

    Otherwise a process that has finished ends, now and then, with "terminate called without an active exception".
    """
    if dist.is_initialized():
        time.sleep(0.3)  # torch 2.6 and 2.7 can deadlock if the last collective has only just ended
        dist.destroy_process_group()


def _slurm_environment() -> None:
    """Set torch's environment variables from those of srun."""
    needed = [*SRUN]
    if 'MASTER_PORT' not in os.environ:
        needed += ['SLURM_JOB_ID', 'SLURM_STEP_ID']
    if 'MASTER_ADDR' not in os.environ and 'SLURM_NODELIST' not in os.environ:
        needed += ['SLURM_STEP_NODELIST']
    if missing := [name for name in needed if name not in os.environ]:
        raise ConfigError(f'--launcher slurm: {", ".join(missing)} not set; start it with srun (tools/slurm_train.sh)')
    os.environ['RANK'] = os.environ['SLURM_PROCID']
    os.environ['WORLD_SIZE'] = os.environ['SLURM_NTASKS']
    os.environ['LOCAL_RANK'] = os.environ['SLURM_LOCALID']
    if 'MASTER_PORT' not in os.environ:
        os.environ['MASTER_PORT'] = str(slurm_port(os.environ['SLURM_JOB_ID'], os.environ['SLURM_STEP_ID']))
    if 'MASTER_ADDR' not in os.environ:
        nodes = os.environ['SLURM_STEP_NODELIST' if 'SLURM_STEP_NODELIST' in os.environ else 'SLURM_NODELIST']
        names = subprocess.run(['scontrol', 'show', 'hostnames', nodes], capture_output=True, text=True, check=True)
        os.environ['MASTER_ADDR'] = names.stdout.split()[0]


def slurm_port(job: str | int, step: str | int) -> int:
    """Return a port for a job step, the same on all of its nodes: 10000 to 29999, below the ephemeral ports.

    16 steps of a job, and 1250 consecutive jobs, have different ports.
    """
    return 10000 + (16 * int(job) + int(step)) % 20000
