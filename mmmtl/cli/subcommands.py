"""Subcommands from modules with a docstring, ``add_arguments(parser)`` and ``run(args)``."""

import argparse
import inspect
from collections.abc import Iterable
from importlib import import_module


def add_commands(parser: argparse.ArgumentParser, metavar: str, names: Iterable[str], package: str) -> None:
    """Add one subcommand per name; its module is the name, with underscores, in ``package``."""
    subparsers = parser.add_subparsers(metavar=metavar, required=True)
    for name in names:
        module = f'{package}.{name.replace("-", "_")}'
        summary = (import_module(module).__doc__ or '').partition('\n')[0].rstrip('.')
        set_up(subparsers.add_parser(name, help=summary), module)


def set_up(parser: argparse.ArgumentParser, module: str) -> None:
    """Add description, options and ``run`` of a command's module to its parser."""
    command = import_module(module)
    parser.description = inspect.getdoc(command)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add_arguments(parser)
    parser.set_defaults(run=command.run, parser=parser)
