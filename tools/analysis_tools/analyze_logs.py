"""Compare logs: tools/analysis_tools/analyze_logs.py [NAME=]WORK_DIR... [--keys KEY...] [--out FILE.png].

Alias of ``mmmtl analyze-logs``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('analyze_logs')
