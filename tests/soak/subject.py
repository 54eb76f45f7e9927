"""A command of mmmtl in a process of its own, which meets its trouble at a chosen file operation."""

import io
import multiprocessing
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tool_process import PRELOADED

WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Trouble:
    """What happens to a process, and when.

    Args:
        kind: ``'SIGKILL'``, ``'SIGTERM'``, ``'SIGUSR1'`` or ``'full disk'``.
        operation: Number of the file operation in the work dir before which it happens, from 1.
        delay: Seconds after this operation.
        room: Bytes that a file may have from then on, for a full disk.
        children: Whether the signal goes to the child processes, too, as from a cluster.
    """

    kind: str
    operation: int
    delay: float = 0.0
    room: int = 0
    children: bool = False

    def strike(self) -> None:
        """Let it happen to this process."""
        if self.kind == 'full disk':
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.room, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            return
        number = signal.Signals[self.kind]
        if self.children:
            for child in Path(f'/proc/self/task/{os.getpid()}/children').read_text().split():
                os.kill(int(child), number)
        os.kill(os.getpid(), number)


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Args:
        code: Exit code; -9 after a kill.
        output: Everything that it printed.
        operations: File operations in the work dir; 0 if it was killed.
    """

    code: int
    output: str
    operations: int

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def run(arguments: Sequence[str], work_dir: Path, trouble: Trouble | None = None, seconds: float = 600) -> Outcome:
    """Run ``mmmtl ARGUMENTS`` and wait for its end."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([*PRELOADED, 'mmmtl.cli.main', 'subject'])
    reader, writer = context.Pipe(duplex=False)
    counter, count = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(arguments, work_dir, trouble, writer, count))
    process.start()
    writer.close(), count.close()
    output, ended = bytearray(), threading.Event()
    thread = threading.Thread(target=_collect, args=(reader, output, ended))
    thread.start()
    process.join(seconds)
    hangs = process.exitcode is None
    if hangs:
        process.kill()
        process.join()
    ended.set()
    thread.join()
    operations = 0
    if counter.poll():
        try:
            operations = counter.recv()
        except EOFError:
            pass
    text = output.decode(errors='replace') + ('\nTraceback: hangs, killed after a while' if hangs else '')
    return Outcome(process.exitcode or 0, text, operations)


def _collect(reader: Connection, output: bytearray, ended: threading.Event) -> None:
    """Read until the process has ended: loader workers of a killed one may keep the pipe open for seconds."""
    while True:
        last = ended.is_set()
        while select.select([reader], [], [], 0.05)[0]:
            part = os.read(reader.fileno(), 65536)
            if not part:
                return
            output += part
        if last:
            return


def _work(
    arguments: Sequence[str], work_dir: Path, trouble: Trouble | None, output: Connection, count: Connection
) -> None:
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    sys.stdout.reconfigure(line_buffering=True)
    work_dir.parent.mkdir(parents=True, exist_ok=True)
    os.chdir(work_dir.parent)
    operations = Operations(str(work_dir), trouble)
    sys.addaudithook(operations.audit)
    if trouble is None or trouble.kind != 'full disk':  # a full disk meets torch's own writer
        operations.split_saving()
    from mmmtl.cli.main import main

    try:
        main(arguments)
    finally:
        count.send(operations.number)


class Operations:
    """The file operations of a process in a folder, counted, with the trouble at one of them."""

    def __init__(self, folder: str, trouble: Trouble | None) -> None:
        self.folder, self.trouble, self.number, self.process = folder, trouble, 0, os.getpid()

    def audit(self, event: str, arguments: tuple) -> None:
        """Count what opens a file to write it, and what renames, removes or makes one; see the audit events."""
        if event == 'open':
            path, _, flags = arguments
            counts = isinstance(flags, int) and flags & WRITING
        else:
            path, counts = arguments[0] if arguments else None, event in ('os.rename', 'os.remove', 'os.mkdir')
        if counts and isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder):
            self.count()

    def count(self) -> None:
        if os.getpid() != self.process:  # a loader worker
            return
        self.number += 1
        if self.trouble and self.trouble.operation == self.number:
            if self.trouble.delay:
                timer = threading.Timer(self.trouble.delay, self.trouble.strike)
                timer.daemon = True
                timer.start()
            else:
                self.trouble.strike()

    def split_saving(self) -> None:
        """Make the middle of a checkpoint an operation, too."""
        import torch

        whole: Callable = torch.save

        def in_two_parts(content, file) -> None:
            buffer = io.BytesIO()
            whole(content, buffer)
            content = buffer.getvalue()
            file.write(content[: len(content) // 2])
            file.flush()
            self.count()
            file.write(content[len(content) // 2 :])

        torch.save = in_two_parts
