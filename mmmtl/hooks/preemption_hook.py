"""End training with a checkpoint when a cluster preempts the job."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmmtl.hooks.atomic_checkpoint_hook import name_last_checkpoint
from mmmtl.registry import HOOKS

PREEMPTION_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Write a checkpoint after the current iteration and exit, on SIGTERM or SIGUSR1.

    Slurm sends SIGTERM before it ends or preempts a job, and ``sbatch --signal=USR1@120`` sends SIGUSR1 120 s before
    the time limit; torchrun passes SIGTERM on to its workers. ``--resume`` continues from the checkpoint exactly, also
    within an epoch. The exit status is 128 + the signal, as of a process that the signal ended.

    The ranks agree on the iteration: each step reduces one flag on the CPU, which the next step reads, so that no step
    waits for it. A signal during a validation ends the run at once if the checkpoint of this iteration exists (the
    resumed run validates again), otherwise after the validation.

    Args:
        requeue: After SIGUSR1, put the job of Slurm back into its queue by ``scontrol requeue``. The job must have been
            submitted with ``--requeue``.
    """

    priority = 'LOWEST'  # after the hooks that change the state of this iteration

    def __init__(self, requeue: bool = True) -> None:
        self.requeue = requeue
        self.received = 0
        self.saved_at = -1  # completed iterations
        self._handlers: dict[signal.Signals, Any] = {}
        self._group: Any = None
        self._flag = torch.zeros(1, dtype=torch.int64)
        self._pending: Any = None

    def before_train(self, runner: Runner) -> None:
        if get_world_size() > 1:
            self._group = dist.new_group(backend='gloo')
        if threading.current_thread() is threading.main_thread():  # only there Python can handle signals
            self._handlers = {number: signal.signal(number, self._receive) for number in PREEMPTION_SIGNALS}

    def after_train(self, runner: Runner) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}
        if self._pending is not None:
            self._pending.wait()
            self._pending = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self.saved_at = checkpoint['meta']['iter']

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        number = self._agreed()
        if number:
            self._save(runner)
            self._exit(runner, number)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if self.received and self.saved_at == runner.iter:
            self._exit(runner, self.received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = number

    def _agreed(self) -> int:
        """Return the signal for which all ranks stop after this iteration, else 0."""
        if self._group is None:
            return self.received
        if self._pending is not None:
            self._pending.wait()
            self._pending = None
            if number := int(self._flag):
                return number
        self._flag.fill_(self.received)
        self._pending = dist.all_reduce(self._flag, dist.ReduceOp.MAX, group=self._group, async_op=True)
        return 0

    def _save(self, runner: Runner) -> None:
        """Write a checkpoint of the state after the current iteration, unless the checkpoint hook has just done it."""
        completed = runner.iter + 1
        if self.saved_at != completed:
            epochs = f'epoch_{runner.epoch}_' if isinstance(runner.train_loop, EpochBasedTrainLoop) else ''
            name = f'{epochs}iter_{completed}.pth'
            runner.save_checkpoint(runner.work_dir, name, by_epoch=False)
            name_last_checkpoint(runner, str(Path(runner.work_dir, name)))
        if self._group is not None:
            dist.barrier(self._group)  # a launcher may end all ranks when the first one exits

    def _exit(self, runner: Runner, number: int) -> NoReturn:
        name = signal.Signals(number).name
        runner.logger.warning(f'{name}: training ends after iteration {self.saved_at}; --resume continues there')
        job = os.environ.get('SLURM_JOB_ID')
        if self.requeue and number == signal.SIGUSR1 and job and is_main_process():
            done = subprocess.run(['scontrol', 'requeue', job], capture_output=True, text=True)
            runner.logger.warning(done.stderr.strip() or f'job {job} is back in the queue')
        raise SystemExit(128 + number)
