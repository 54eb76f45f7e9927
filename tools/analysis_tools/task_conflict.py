"""Compare task gradients: tools/analysis_tools/task_conflict.py CONFIG [CHECKPOINT].

Alias of ``mmmtl task-conflict``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('task_conflict')
