"""Check a dataset: tools/analysis_tools/check_dataset.py CONFIG.

Alias of ``mmmtl check-data``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('check_data')
