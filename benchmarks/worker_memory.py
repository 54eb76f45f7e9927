"""Memory of data loader workers over several epochs, with records as a list and as `PackedRecords`.

benchmarks/worker_memory.py [--records 100000] [--epochs 10] [--workers 2]

A `FolderDataset` of empty images with two labels each, whose pipeline only lists the files of a record. ``private``
is the memory that a worker shares with no other process (``Private_Dirty`` and ``Private_Clean`` in
``/proc/PID/smaps_rollup``), in MB, the mean of the workers: with a list it grows, since reading an object writes its
reference count, and a forked worker then gets its own copy of the page.
"""

import gc
import os
import re
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from start_up import build_folder, write_folder
from torch.utils.data import DataLoader

from mmmtl.cli.command_line import command
from mmmtl.datasets import FolderDataset, SampleKey


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--records', type=int, default=100_000, help='number of records (default: %(default)s)')
    parser.add_argument('--epochs', type=int, default=10, help='number of epochs (default: %(default)s)')
    parser.add_argument(
        '--workers', type=int, default=2, help='worker processes of the data loader (default: %(default)s)'
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), options.records)
        dataset = build_folder(folder)
    dataset.pipeline = number_of_files
    print(f'{"private MB after epoch":24}' + ''.join(f'{epoch:8}' for epoch in range(1, options.epochs + 1)))
    print(f'{"list":24}' + memory_per_epoch(dataset, options.epochs, options.workers))
    start = time.process_time()
    dataset.pack()
    seconds = time.process_time() - start
    gc.collect()
    print(f'{"packed":24}' + memory_per_epoch(dataset, options.epochs, options.workers))
    print(f'packing {len(dataset)} records took {seconds:.2f} s of CPU time')


def number_of_files(results: dict) -> int:
    """Return the number of files of a record, instead of a sample."""
    return len(results['record'].files(results['tasks']))


def memory_per_epoch(dataset: FolderDataset, epochs: int, workers: int) -> str:
    """Return the private memory of a worker after each epoch, in MB."""
    keys = [SampleKey(0, 0, index) for index in range(len(dataset))]
    loader = DataLoader(
        dataset, 500, sampler=keys, num_workers=workers, persistent_workers=True, multiprocessing_context='fork'
    )
    found = ''
    for _ in range(epochs):
        batches = iter(loader)
        for _ in batches:
            pass
        sizes = [private_memory(worker.pid) for worker in batches._workers]
        found += f'{sum(sizes) / len(sizes):8.1f}'
    return found


def private_memory(process: int | None = None) -> float:
    """Return the memory in MB that only one process uses."""
    text = Path(f'/proc/{process or os.getpid()}/smaps_rollup').read_text()
    return sum(int(size) for size in re.findall(r'^Private_\w+:\s+(\d+) kB', text, re.MULTILINE)) / 1000


if __name__ == '__main__':
    main()
