"""Compare confidences: tools/analysis_tools/compare_confidence.py CONFIG CHECKPOINT.

Alias of ``mmmtl compare-confidence``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('compare_confidence')
