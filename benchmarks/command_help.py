"""Wall time of ``mmmtl COMMAND --help`` for every command and converter, compared with an empty Python program.

benchmarks/command_help.py [--rounds 5]

Each number is the smallest of the rounds, in which the empty program and the commands alternate.
"""

import subprocess
import sys
import time
from argparse import ArgumentParser

from mmmtl.cli.command_line import command
from mmmtl.cli.convert_dataset import DATASETS
from mmmtl.cli.convert_model import NETWORKS
from mmmtl.cli.main import COMMANDS

CONVERTERS = [*(f'convert-dataset {name}' for name in DATASETS), *(f'convert-model {name}' for name in NETWORKS)]


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5, help='measurements of each program (default: %(default)s)')
    options = parser.parse_args()
    programs = {'(empty program)': ['-c', 'pass'], 'mmmtl': ['-m', 'mmmtl', '--help']}
    programs |= {f'mmmtl {name}': ['-m', 'mmmtl', *name.split(), '--help'] for name in [*COMMANDS, *CONVERTERS]}
    rounds = [{name: seconds(program) for name, program in programs.items()} for _ in range(options.rounds)]
    best = {name: min(times[name] for times in rounds) for name in programs}
    print(f'{"":40}{"s":>8}{"ratio":>8}')
    for name, fastest in best.items():
        print(f'{name:40}{fastest:8.3f}{fastest / best["(empty program)"]:8.1f}')


def seconds(arguments: list[str]) -> float:
    """Run Python with arguments; return the wall time in seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == '__main__':
    main()
