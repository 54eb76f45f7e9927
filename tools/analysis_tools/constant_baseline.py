"""Score a constant prediction: tools/analysis_tools/constant_baseline.py CONFIG.

Alias of ``mmmtl constant-baseline``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('constant_baseline')
