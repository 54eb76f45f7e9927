"""Serve a web page on this machine: drop a photograph, see and download all maps.

The page loads nothing from other machines and sends nothing to them. Uploaded files are deleted when the server ends.
"""

import argparse

from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_model, at_least, positive

LOOPBACK = '127.0.0.1'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model(parser)
    parser.add_argument(
        '--host',
        default=LOOPBACK,
        help=f'address to listen on (default: {LOOPBACK}, which only this machine reaches; 0.0.0.0 for all)',
    )
    parser.add_argument('--port', type=at_least(1), default=7860, metavar='N', help='default: 7860')
    for name, default, text in (
        ('--max-megapixels', 50, 'largest photograph, in millions of pixels'),
        ('--max-megabytes', 50, 'largest file, in millions of bytes'),
        ('--timeout', 120, 'longest wait for a prediction, in seconds'),
    ):
        parser.add_argument(name, type=positive, default=default, metavar='X', help=f'{text} (default: {default})')
    add_device(parser)
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        ConfigError: The model has no weights, the address is in use, or gradio is not installed.
    """
    from mmmtl.extras import import_extra
    from mmmtl.web.server import forbid_connections, serve

    forbid_connections()
    import_extra('gradio', 'mmmtl web')
    from mmmtl.apis import MultiTaskInferencer
    from mmmtl.apis.init_model import resolve_network
    from mmmtl.errors import ConfigError
    from mmmtl.web.limits import Limits

    check_device(args.device)
    config, checkpoint = resolve_network(args.model, args.checkpoint, args.cfg_options)
    if checkpoint is None:
        raise ConfigError(f'{args.model}: its weights are not published; give a checkpoint: --checkpoint FILE')
    infer = MultiTaskInferencer(config, checkpoint, args.device)
    limits = Limits(args.max_megapixels, args.max_megabytes, args.timeout)
    serve(infer, args.model, limits, args.host, args.port)
