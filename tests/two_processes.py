"""Run a test file in several real processes of one gloo group, and read what they save."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist


def run_in_two(script: str, folder: Path) -> list[Any]:
    """`run_in_processes` with two of them."""
    return run_in_processes(script, folder, 2)


def run_in_processes(script: str, folder: Path, count: int) -> list[Any]:
    """Run a test file as rank 0 to ``count - 1``; what the function that it gives to `work` returned in each."""
    folder.mkdir(exist_ok=True)
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get('PYTHONPATH')])]
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(paths), 'OMP_NUM_THREADS': '1'}
    processes = [
        subprocess.Popen(
            [sys.executable, script, str(rank), str(folder), str(count)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(count)
    ]
    try:
        for process in processes:
            output, _ = process.communicate(timeout=400)  # it must not hang for ever
            assert process.returncode == 0, output
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f'{rank}.pt') for rank in range(count)]


def work(function: Callable[[int], Any]) -> None:
    """What such a file does when it is run: join the group and save ``function(rank)``."""
    rank, folder, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.environ['LOCAL_RANK'] = str(rank)  # MMEngine's runner asks for it
    join_group(count)
    torch.save(function(rank), folder / f'{rank}.pt')
    if dist.is_initialized():
        time.sleep(0.3)  # torch 2.6 and 2.7 can deadlock if the last collective has only just ended
        dist.destroy_process_group()


def join_group(count: int) -> None:
    """Be in a group of the first ``count`` processes, or outside of it; every process calls this alike."""
    if dist.is_initialized():
        if dist.get_world_size() == count:
            return
        dist.destroy_process_group()
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    if rank < count:
        dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous-{count}', rank=rank, world_size=count)
