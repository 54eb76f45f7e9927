"""Alias of ``mmmtl convert-dataset camvid``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.camvid')
