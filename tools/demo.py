"""The demo: tools/demo.py [--work-dir DIR].

Alias of ``mmmtl demo``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('demo')
