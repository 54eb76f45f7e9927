"""Fork many processes of one gloo group from a script: they share the imported modules, so 64 of them fit in memory."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist


def run_forked(function: Callable[[], Any], folder: Path, count: int) -> list[Any]:
    """Call ``function()`` on ranks 0 to ``count - 1``; return the results by rank.

    Call it from a script that has not used autograd or threads, because a fork copies only the calling thread.

    Raises:
        RuntimeError: A process failed; its traceback is on stderr.
    """
    children = [_fork(function, folder, rank, count) for rank in range(count)]
    codes = [os.waitpid(child, 0)[1] for child in children]
    if any(codes):
        raise RuntimeError(f'{sum(map(bool, codes))} of {count} processes failed')
    return [torch.load(folder / f'{count}_{rank}.pt') for rank in range(count)]


def _fork(function: Callable[[], Any], folder: Path, rank: int, count: int) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        store = f'file://{folder}/rendezvous_{count}'
        dist.init_process_group('gloo', init_method=store, rank=rank, world_size=count)
        torch.save(function(), folder / f'{count}_{rank}.pt')
        dist.barrier()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)  # without the parent's exit handlers
