"""Train single-task baselines: tools/analysis_tools/single_task.py CONFIG.

Alias of ``mmmtl single-task``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('single_task')
