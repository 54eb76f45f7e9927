"""The server of the page: its address, its signals, its options, and no connection to other machines."""

import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest

from mmmtl.cli.main import main
from mmmtl.errors import ConfigError
from mmmtl.web.server import check_address, page_url, stop_signal


@pytest.fixture
def listener():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        yield listener


def test_a_free_port(listener):
    port = listener.getsockname()[1]
    listener.close()
    check_address('127.0.0.1', port)


@pytest.mark.parametrize(('host', 'port'), [('127.0.0.1', None), ('192.0.2.1', 7860), ('127.0.0.1', 70000)])
def test_an_address_that_cannot_be_used(host, port, listener):
    port = port or listener.getsockname()[1]
    with pytest.raises(ConfigError, match=f'^{host}:{port}: cannot listen here .*; choose another --port or --host$'):
        check_address(host, port)


def test_the_url_of_an_ipv6_address_has_brackets():
    assert page_url('127.0.0.1', 7860) == 'http://127.0.0.1:7860'
    assert page_url('::1', 7860) == 'http://[::1]:7860'


STARTED = """
import sys
import mmmtl.web.server as server
from mmmtl.cli.main import main

def report(infer, title, limits, host, port):
    assert 'gradio' in sys.modules and 'timm' in sys.modules
    from huggingface_hub import constants
    print('offline', constants.HF_HUB_OFFLINE, 'no telemetry', constants.HF_HUB_DISABLE_TELEMETRY)

server.serve = report
main(['web'])
"""


def test_the_hub_is_offline_before_gradio_and_timm_are_imported(tmp_path):
    if not find_spec('gradio'):  # a package that, like gradio, imports huggingface_hub
        (tmp_path / 'gradio.py').write_text('import huggingface_hub.constants')
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('HF_', 'GRADIO_'))}
    environment['PYTHONPATH'] = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get('PYTHONPATH')])])
    command = [sys.executable, '-c', STARTED]
    started = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert 'offline True no telemetry True' in started.stdout, started.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server(number):
    before = signal.getsignal(number)
    with stop_signal() as stopped:
        assert not stopped.is_set()
        os.kill(os.getpid(), number)
        assert stopped.wait(5)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize('option', ['--port', '--max-megapixels', '--max-megabytes', '--timeout'])
@pytest.mark.parametrize('value', ['0', '-1', 'many', 'nan'])
def test_options_out_of_range(option, value, capsys):
    with pytest.raises(SystemExit) as end:
        main(['web', option, value])
    assert end.value.code == 2 and f'argument {option}: expected a' in capsys.readouterr().err.splitlines()[-1]
