"""Pretrain each task, then train jointly: tools/train_chain.py CONFIG --pretrain TASK=CONFIG ...

Alias of ``mmmtl train-chain``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('train_chain')
