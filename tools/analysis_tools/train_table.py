"""Train a table: tools/analysis_tools/train_table.py RECIPE...

Alias of ``mmmtl table``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('table')
