"""Write pseudo classes: tools/generate_pseudo_semseg.py CONFIG MODEL CHECKPOINT.

Alias of ``mmmtl pseudo-semseg``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('pseudo_semseg')
