"""The ``--device`` option."""

import argparse


def add_device(parser: argparse.ArgumentParser, what: str = 'the network') -> None:
    """Add ``--device``."""
    parser.add_argument('--device', default='cpu', help=f'where {what} runs: cpu, cuda, cuda:1 ... (default: cpu)')


def check_device(name: str) -> None:
    """Raise ConfigError unless PyTorch can put a tensor on the device."""
    import torch

    from mmmtl.errors import ConfigError, first_line

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, ImportError) as error:  # ImportError: the package of the device is missing
        raise ConfigError(f'--device {name!r}: {first_line(error)}; use cpu, or a device of this machine') from None
