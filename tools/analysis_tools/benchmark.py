"""Measure the speed of a network: tools/analysis_tools/benchmark.py CONFIG [--size HEIGHT WIDTH].

Alias of ``mmmtl benchmark``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('benchmark')
