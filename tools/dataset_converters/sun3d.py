"""Alias of ``mmmtl convert-dataset sun3d``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.sun3d')
