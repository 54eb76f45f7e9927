"""What the launchers read from the environment; the process groups themselves are tried in tests/tools."""

import os
import socket
import subprocess
import sys

import pytest

from mmmtl.engine import launch as module
from mmmtl.engine.launch import init_distributed, slurm_port
from mmmtl.errors import ConfigError

TORCH = dict(RANK='1', WORLD_SIZE='2', MASTER_ADDR='node1', MASTER_PORT='1234')
SLURM = dict(
    SLURM_PROCID='3',
    SLURM_NTASKS='8',
    SLURM_LOCALID='1',
    SLURM_STEP_NODELIST='node[1-4]',
    SLURM_JOB_ID='4071',
    SLURM_STEP_ID='2',
)


@pytest.fixture
def started(monkeypatch):
    """The backends of the groups that were started; no variable of a launcher is set."""
    for name in (*TORCH, *SLURM, 'LOCAL_RANK', 'SLURM_NODELIST'):
        monkeypatch.delenv(name, raising=False)
    groups = []
    monkeypatch.setattr(module.torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(module.dist, 'init_process_group', lambda backend, **store: groups.append(backend))
    monkeypatch.setattr(module, 'init_dist', lambda launcher, backend, **store: groups.append(backend))
    environment = dict(os.environ)
    yield groups
    os.environ.clear()
    os.environ.update(environment)


def test_one_process(started):
    init_distributed('none')
    assert started == []


@pytest.mark.parametrize('missing', TORCH)
def test_torchrun(started, missing):
    os.environ.update({key: value for key, value in TORCH.items() if key != missing})
    with pytest.raises(ConfigError, match=f'{missing} not set; start it with torchrun'):
        init_distributed('pytorch')
    os.environ.update(TORCH)
    init_distributed('pytorch')
    assert started == ['gloo']


def test_slurm(started, monkeypatch):
    with pytest.raises(ConfigError, match='SLURM_PROCID, .* not set; start it with srun'):
        init_distributed('slurm')
    os.environ.update(SLURM)
    asked = []

    def scontrol(command, **options):
        asked.append(command)
        return type('Done', (), {'stdout': 'node1\nnode2\n'})

    monkeypatch.setattr(module.subprocess, 'run', scontrol)
    init_distributed('slurm')
    assert asked == [['scontrol', 'show', 'hostnames', 'node[1-4]']] and started == ['gloo']
    expected = dict(RANK='3', WORLD_SIZE='8', LOCAL_RANK='1', MASTER_ADDR='node1', MASTER_PORT=str(slurm_port(4071, 2)))
    assert {key: os.environ[key] for key in expected} == expected


@pytest.mark.parametrize('missing', SLURM)
def test_a_batch_script_without_srun_has_only_some_of_the_variables(started, missing):
    os.environ.update({key: value for key, value in SLURM.items() if key != missing})
    with pytest.raises(ConfigError, match=f'{missing} not set; start it with srun'):
        init_distributed('slurm')
    assert started == []


def test_a_port_in_the_environment_is_kept(started):
    os.environ.update(SLURM, MASTER_ADDR='node1', MASTER_PORT='4321')
    init_distributed('slurm')
    assert os.environ['MASTER_PORT'] == '4321'


def test_jobs_and_steps_at_once_have_different_ports():
    ports = {slurm_port(job, step) for job in range(9_999_500, 10_000_500) for step in range(16)}
    assert len(ports) == 16_000 and min(ports) >= 10_000 and max(ports) < 30_000
    assert 10_000 <= slurm_port('123', '4294967290') < 30_000  # an interactive step


def test_with_a_gpu(started, monkeypatch):
    os.environ.update(TORCH)
    monkeypatch.setattr(module.torch.cuda, 'is_available', lambda: True)
    init_distributed('pytorch')
    assert started == ['nccl']


def test_the_group_ends_before_the_interpreter():
    program = """if True:
        import atexit
        import torch.distributed as dist
        from mmmtl.engine.launch import init_distributed
        atexit.register(lambda: print('in a group at exit:', dist.is_initialized()))  # runs after the hooks added later
        init_distributed('pytorch')
        print('in a group:', dist.is_initialized())
    """
    environment = os.environ | dict(RANK='0', WORLD_SIZE='1', MASTER_ADDR='localhost', MASTER_PORT='0')
    done = subprocess.run(
        [sys.executable, '-c', program],
        env=environment | {'CUDA_VISIBLE_DEVICES': ''},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ['in a group: True', 'in a group at exit: False']


RENDEZVOUS = """if True:
    import os, sys
    import torch.distributed as dist
    from mmmtl.engine.launch import init_distributed
    init_distributed('pytorch')
    store = dist.distributed_c10d._get_default_store()
    known = store.check(['address'])
    store.set('address', 'of this start')
    dist.barrier()
    print('known before' if known else 'new')
    sys.stdout.flush()
    os.environ['TORCHELASTIC_RESTART_COUNT'] == '0' and os._exit(1)
"""


@pytest.mark.parametrize('backend', ['static', 'c10d'])
def test_a_restart_finds_nothing_of_the_processes_before(tmp_path, backend):
    (tmp_path / 'program.py').write_text(RENDEZVOUS)
    with socket.create_server(('localhost', 0)) as server:
        free_port = server.getsockname()[1]
    command = [sys.executable, '-m', 'torch.distributed.run', '--nnodes=1', '--nproc_per_node=1', '--max-restarts=1']
    command += ['--monitor-interval=0.1', f'--rdzv-backend={backend}', f'--rdzv-endpoint=localhost:{free_port}']
    done = subprocess.run([*command, str(tmp_path / 'program.py')], capture_output=True, text=True, timeout=300)
    assert done.stdout.split('\n')[:2] == ['new', 'new'], done.stderr
