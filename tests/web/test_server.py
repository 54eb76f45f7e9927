"""Addresses and options of the page that cannot be used are one line."""

import os
import signal
import socket

import pytest

from mmmtl.cli.main import main
from mmmtl.errors import ConfigError
from mmmtl.web.server import check_address, stop_signal


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
