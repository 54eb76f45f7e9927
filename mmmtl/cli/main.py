"""The ``mmmtl`` command: one module of this package per subcommand.

A module has a docstring, whose first line is the help text, ``add_arguments(parser)`` and ``run(args)``. Slow
imports are in ``run``, so that ``--help`` and usage errors are quick.
"""

import argparse
import sys
from collections.abc import Sequence

import mmmtl
from mmmtl.cli.command_line import command
from mmmtl.cli.subcommands import add_commands, set_up

COMMANDS = (
    'train',
    'test',
    'predict',
    'web',
    'point-cloud',
    'table',
    'train-chain',
    'single-task',
    'compare-runs',
    'analyze-logs',
    'constant-baseline',
    'task-conflict',
    'consistency-oracle',
    'compare-confidence',
    'new-project',
    'check-data',
    'browse',
    'label-stats',
    'print-config',
    'flops',
    'benchmark',
    'export',
    'regions',
    'pseudo-disparity',
    'pseudo-semseg',
    'convert-dataset',
    'convert-model',
    'list-models',
    'publish',
    'demo',
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``mmmtl COMMAND ...``; exits with 2 for a user error, which is one line on stderr."""
    parser = argparse.ArgumentParser(
        prog='mmmtl',
        description='Multi-task dense prediction on MMEngine.',
        epilog='mmmtl COMMAND --help lists the options of a command.',
    )
    parser.add_argument('--version', action='version', version=f'mmmtl {mmmtl.__version__}')
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = [name for name in arguments[:1] if name in COMMANDS]
    add_commands(parser, 'COMMAND', chosen or COMMANDS, 'mmmtl.cli')  # one parser is quicker than all of them
    _run(parser, arguments)


def run_tool(module: str) -> None:
    """Run one command as a script of ``tools/``, whose name its usage shows.

    Args:
        module: Module of the command below ``mmmtl.cli``, e.g. ``'train'``.
    """
    parser = argparse.ArgumentParser()
    set_up(parser, f'mmmtl.cli.{module}')
    _run(parser, None)


def _run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> None:
    args = parser.parse_args(arguments)
    command(args.run)(args)
