"""Test a consistency loss on labels: tools/analysis_tools/consistency_oracle.py CONFIG [CHECKPOINT].

Alias of ``mmmtl consistency-oracle``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('consistency_oracle')
