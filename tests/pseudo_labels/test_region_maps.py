"""Region maps by several processes: a process that is killed ends the command in one line."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmmtl.errors import ConfigError
from mmmtl.pseudo_labels import region_maps
from mmmtl.pseudo_labels.region_maps import Backend, run_jobs

FORK = multiprocessing.get_context('fork')


@dataclass(frozen=True)
class KilledJob:
    """A job whose process is killed, as by a system without memory."""

    image: Path = Path('a.png')

    def run(self, segmenter) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0


def test_a_killed_process_is_one_line(monkeypatch):
    monkeypatch.setattr(region_maps.multiprocessing, 'get_context', lambda method: FORK)  # much faster than 'spawn'
    with pytest.raises(ConfigError, match='--processes 2: one of the processes was killed'):
        list(run_jobs([KilledJob()], Backend('instances', {}), 2))
