"""Write pseudo disparity: tools/generate_pseudo_disparity.py CONFIG.

Alias of ``mmmtl pseudo-disparity``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('pseudo_disparity')
