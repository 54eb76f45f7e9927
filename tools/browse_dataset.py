"""Look at samples as they leave the pipeline: tools/browse_dataset.py CONFIG.

Alias of ``mmmtl browse``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('browse')
