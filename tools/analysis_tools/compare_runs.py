"""Compare runs: tools/analysis_tools/compare_runs.py [NAME=]WORK_DIR...

Alias of ``mmmtl compare-runs``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('compare_runs')
