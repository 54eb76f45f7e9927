"""Count operations: tools/analysis_tools/get_flops.py CONFIG [--size HEIGHT WIDTH].

Alias of ``mmmtl flops``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('flops')
