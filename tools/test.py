"""Test: tools/test.py CONFIG CHECKPOINT [--work-dir DIR] [--out FILE] [--show-dir DIR].

Alias of ``mmmtl test``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('test')
