"""Count labels: tools/analysis_tools/label_stats.py CONFIG.

Alias of ``mmmtl label-stats``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('label_stats')
