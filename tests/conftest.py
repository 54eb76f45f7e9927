"""Settings of all tests: one thread per process, the data folder if there is one, GPU tests only on a GPU."""

import os
from pathlib import Path

import pytest

os.environ.setdefault('OMP_NUM_THREADS', '1')  # read on the first import of torch, here and in subprocesses

from skip_policy import pytest_addoption, pytest_sessionfinish, pytest_terminal_summary  # noqa: E402, F401  hooks
from slurm_partition import partition  # noqa: E402, F401  fixture
from small_configs import lazy, plain  # noqa: E402, F401  fixtures
from small_rooms import data_error, rooms, tasks  # noqa: E402, F401  fixtures


@pytest.fixture(scope='session')
def data_root() -> Path:
    """The folder with real images and labels, from MMMTL_DATA."""
    if not os.environ.get('MMMTL_DATA'):
        pytest.skip('real data: set MMMTL_DATA to the folder that holds it')
    root = Path(os.environ['MMMTL_DATA']).resolve()
    if not root.is_dir():
        pytest.fail(f'MMMTL_DATA names {root}, which is not a folder')
    return root


@pytest.fixture
def rooms_cache(tmp_path_factory, monkeypatch) -> Path:
    """Cache of generated rooms, shared by all tests of this run, instead of the user's."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base) / 'rooms'
    monkeypatch.setenv('MMMTL_CACHE', str(cache))
    return cache


def pytest_configure(config: pytest.Config) -> None:
    """Hide GPUs, because only CPU results are reproducible bit for bit; GPU tests run separately with ``-m gpu``."""
    if config.option.markexpr != 'gpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker('gpu') is None:
        return
    import torch  # here, because this import takes longer than a short test run

    if not torch.cuda.is_available():
        pytest.skip('needs a CUDA device, and a run of its own: pytest -m gpu')
