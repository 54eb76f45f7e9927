"""Two real processes in one gloo group: a test file runs itself in both and reads what they have saved."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist


def run_in_two(script: str, folder: Path) -> list[Any]:
    """Run a test file as rank 0 and rank 1; what the function that it gives to `work` returned there."""
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get('PYTHONPATH')])]
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(paths), 'OMP_NUM_THREADS': '1'}
    processes = [subprocess.Popen([sys.executable, script, str(rank), str(folder)], env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for rank in range(2)]
    try:
        for process in processes:
            output, _ = process.communicate(timeout=120)
            assert process.returncode == 0, output
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f'{rank}.pt') for rank in range(2)]


def work(function: Callable[[int], Any]) -> None:
    """What such a file does when it is run: join the group and save ``function(rank)``."""
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=2)
    torch.save(function(rank), folder / f'{rank}.pt')
    dist.destroy_process_group()
