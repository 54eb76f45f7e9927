"""The number of cores is found on systems with and without CPU affinity."""

import os

import pytest

from mmmtl.available_cores import available_cores


@pytest.mark.parametrize(('cores', 'expected'), [(6, 6), (None, 1)])
def test_a_system_without_affinity(monkeypatch, cores, expected):
    monkeypatch.delattr(os, 'sched_getaffinity', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: cores)
    assert available_cores() == expected


def test_affinity_limits_the_cores(monkeypatch):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda process: {3, 5}, raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 8)
    assert available_cores() == 2
