"""Run one part in its own process group, with a time limit."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
TAIL = 2000  # characters of the output of a part that failed


class Child:
    """Starts one process at a time and can end it from a signal handler."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None

    def run(self, arguments: tuple[str, ...], seconds: float, environment: dict[str, str]) -> dict:
        """Run ``measure.py`` and return its result, ``{'status': ..., 'numbers': ..., 'goals': ..., 'message': ...}``.

        The status is ``'timeout'`` if there is no result after ``seconds``.
        """
        with tempfile.TemporaryDirectory() as folder:
            result, log = Path(folder) / 'result.json', Path(folder) / 'log'
            command = [sys.executable, str(HERE / 'measure.py'), '--result', str(result), *arguments]
            with log.open('w') as output:
                self.process = subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT, env=environment, process_group=0
                )
                try:
                    self.process.wait(seconds)
                    in_time = True
                except subprocess.TimeoutExpired:
                    in_time = False
                finally:
                    self.end()  # and any processes that it left running
            if result.exists():
                return json.loads(result.read_text())
            if not in_time:
                return {'status': 'timeout'}
            tail = log.read_text(errors='replace')[-TAIL:]
            return {'status': 'failed', 'message': f'exit code {self.process.returncode}: {tail}'}

    def end(self) -> None:
        """End the process and all its descendants."""
        if self.process is None:
            return
        for number, grace in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.process.pid, number)
                deadline = time.monotonic() + grace
                self.process.wait(grace)
                while time.monotonic() < deadline:
                    os.killpg(self.process.pid, 0)  # raises when the group is empty
                    time.sleep(0.05)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue
