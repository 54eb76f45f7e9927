"""Alias of ``mmmtl convert-dataset nyuv2``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.nyuv2')
