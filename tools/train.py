"""Train: tools/train.py CONFIG [--work-dir DIR] [--resume [CHECKPOINT]] [--amp].

Alias of ``mmmtl train``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('train')
