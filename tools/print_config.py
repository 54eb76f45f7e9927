"""Print a recipe as one flat text config: tools/print_config.py CONFIG.

Alias of ``mmmtl print-config``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('print_config')
