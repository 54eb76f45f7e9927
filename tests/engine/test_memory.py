"""Freed memory is kept: a step that repeats costs no page faults. In a process of its own, for it cannot be undone."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import torch
from mmmtl.engine.memory import keep_freed_memory

def step():
    activations = [torch.ones(1024, 1024) for _ in range(30)]  # 4 MiB each; all are freed at the end of the step
    del activations

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

step()
plain = faults()
assert keep_freed_memory()
step()
print(plain, faults())
"""


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='glibc only')
def test_a_repeated_step_costs_no_page_faults() -> None:
    done = subprocess.run([sys.executable, '-c', SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plain, kept = map(int, done.stdout.split())
    assert plain > 1000 and kept < plain / 10
