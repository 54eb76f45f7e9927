"""Alias of ``mmmtl convert-dataset two-view``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.two_view')
