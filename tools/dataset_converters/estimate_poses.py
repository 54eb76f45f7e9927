"""Alias of ``mmmtl convert-dataset estimate-poses``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.estimate_poses')
