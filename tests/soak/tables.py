"""Two tables in one work dir, whose processes are killed: the same command ends with all scores."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from failures import require
from interrupted_run import LOOPS, differences
from training import SIGNALS

SEEDS = ('0', '1')
ENDS = r'another process trains this run|its process was killed|ended by SIG|the same command|another run writes'


class Table:
    """A running ``mmmtl table``, with its output in a file."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.out = folder, folder.with_name(f'{folder.name}_{number}.md')
        self.errors = folder.with_name(f'{folder.name}_{number}.txt')
        command = [sys.executable, '-m', 'mmmtl', 'table', LOOPS['epochs'], '--seeds', *SEEDS, '--work-dir', folder]
        options = ['--cfg-options', 'train_cfg.max_epochs=2', 'train_cfg.val_interval=2']
        with self.errors.open('w') as errors:
            self.process = subprocess.Popen(
                [*command, '--out', self.out, *options],
                stdout=errors,
                stderr=errors,
                cwd=folder.parent,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.errors.read_text()

    def workers(self) -> list[int]:
        """Return the processes of its runs."""
        try:
            children = Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children').read_text().split()
            return [int(pid) for pid in children if b'spawn_main' in Path(f'/proc/{pid}/cmdline').read_bytes()]
        except OSError:  # it has ended
            return []

    def wait(self) -> int:
        try:
            return self.process.wait(600)
        except subprocess.TimeoutExpired:
            self.end()
            return self.process.wait()

    def end(self) -> None:
        """Kill it with its runs."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def scores_of(folder: Path) -> dict[str, str]:
    return {seed: (folder / 'tiny_rooms' / f'seed_{seed}' / 'metrics.json').read_text() for seed in SEEDS}


class Tables:
    """Tables in one work dir.

    Args:
        whole: Work dir of a table without trouble.
        folder: Work dir.
        rng: Draws the troubles.
        events: Counts what has happened.
    """

    def __init__(self, whole: Path, folder: Path, rng: random.Random, events: Counter[str]) -> None:
        self.whole, self.folder, self.rng, self.events = whole, folder, rng, events
        self.number = 0

    def go(self) -> None:
        self.folder.mkdir(parents=True)
        self.together(self.rng.choice([None, *SIGNALS]))
        for _ in range(3):
            (table,) = self.start(1)
            if self.ended(table) == 0:
                break
        self.compare(table)

    def start(self, count: int) -> list[Table]:
        self.number += count
        return [Table(self.folder, number) for number in range(self.number - count, self.number)]

    def together(self, name: str | None) -> None:
        """Run two tables at once; send a signal to one of them, or to the process of a run."""
        first, second = tables = self.start(2)
        self.events['two tables'] += 1
        try:
            if name:
                self.strike(self.rng.choice(tables), signal.Signals[name])
            codes = [self.ended(table) for table in tables]
            if not name:
                require(codes == [0, 0], f'the tables end with {codes}', first.output() + second.output())
                require(first.out.read_text() == second.out.read_text(), 'the tables differ')
        finally:
            for table in tables:
                table.end()

    def strike(self, table: Table, number: signal.Signals) -> None:
        """Wait until a run has started and some time more, then send the signal."""
        end = time.monotonic() + 300
        while not table.workers() and table.process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(self.rng.uniform(0, 12))
        to_run = self.rng.random() < 0.5
        targets = table.workers() if to_run else [table.process.pid]
        if targets and table.process.poll() is None:
            os.kill(targets[0], number)
            self.events[f'{number.name} to {"a run of a table" if to_run else "a table"}'] += 1

    def ended(self, table: Table) -> int:
        """Wait for the end, and check what it prints."""
        code = table.wait()
        output = table.output()
        require('Traceback' not in output, 'traceback of a table', output)
        if code not in (0, -9, -15, -10):
            require(bool(re.search(ENDS, output.splitlines()[-1])), f'a table ends with {code}', output)
        return code

    def compare(self, table: Table) -> None:
        require(table.process.returncode == 0, 'the table does not end', table.output())
        expected = next(self.whole.parent.glob(f'{self.whole.name}_*.md'))
        require(table.out.read_text() == expected.read_text(), 'another table')
        require(scores_of(self.folder) == scores_of(self.whole), 'other scores')
        for seed in SEEDS:
            name = f'tiny_rooms/seed_{seed}/epoch_2.pth'
            whole, found = (torch.load(folder / name, weights_only=True) for folder in (self.whole, self.folder))
            require(not differences(whole, found), f'{name} differs')
            json.loads((self.folder / f'tiny_rooms/seed_{seed}/metrics.json').read_text())
        left = [path for path in self.folder.rglob('*') if path.suffix == '.tmp']
        require(not left, f'left: {left}')


def undisturbed_table(folder: Path) -> Path:
    """Run a table without trouble; return its work dir."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    table = Table(folder, 0)
    require(table.wait() == 0, 'the table without trouble fails', table.output())
    return folder
