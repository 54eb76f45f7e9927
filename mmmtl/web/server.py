"""Serve the page: without telemetry, and with temporary files that are deleted when the server ends."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from mmmtl.apis import MultiTaskInferencer
from mmmtl.errors import ConfigError
from mmmtl.web.limits import Limits

LOOPBACK = ('127.0.0.1', 'localhost', '::1')


def forbid_connections() -> None:
    """Switch off the telemetry of gradio, and telemetry and downloads of huggingface_hub.

    huggingface_hub reads the variables once, when it is imported, and gradio and timm import it. So call this before
    either is imported: before a network is built.
    """
    os.environ.update(GRADIO_ANALYTICS_ENABLED='False', HF_HUB_OFFLINE='1', HF_HUB_DISABLE_TELEMETRY='1')


def serve(infer: MultiTaskInferencer, title: str, limits: Limits, host: str, port: int) -> None:
    """Serve the page until SIGINT or SIGTERM; only the main thread can do this. See `forbid_connections`.

    Args:
        infer: The network.
        title: Its name.
        limits: Limits of uploads and predictions.
        host: Address to listen on.
        port: Port to listen on.

    Raises:
        ConfigError: See `check_address`.
        ImportError: gradio is not installed.
    """
    check_address(host, port)
    with tempfile.TemporaryDirectory(prefix='mmmtl-web-') as folder:
        os.environ['GRADIO_TEMP_DIR'] = folder
        from mmmtl.web.page import CSS, build_page, theme  # here, as it needs gradio

        page = build_page(infer, title, limits, folder)
        page.queue(max_size=16, default_concurrency_limit=1)
        with stop_signal() as stopped:
            page.launch(
                server_name=host,
                server_port=port,
                share=False,
                quiet=True,
                prevent_thread_lock=True,
                max_file_size=round(1e6 * limits.megabytes),
                footer_links=[],
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                theme=theme(),
                css=CSS,
            )
            print(f'{title}: {page_url(host, port)}   stop with Ctrl-C', flush=True)
            if host not in LOOPBACK:
                print(f'--host {host}: other machines can use this page too', file=sys.stderr, flush=True)
            stopped.wait()
            page.close(verbose=False)


def page_url(host: str, port: int) -> str:
    """Return the URL of the page; IPv6 addresses need brackets."""
    return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'


def check_address(host: str, port: int) -> None:
    """Check that a server can listen on an address.

    Raises:
        ConfigError: The address is in use, or is not one of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(f'{host}:{port}: cannot listen here ({reason}); choose another --port or --host') from None


@contextmanager
def stop_signal() -> Iterator[Event]:
    """Yield an event that SIGINT and SIGTERM set, instead of ending the process."""
    stopped = Event()
    earlier = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
