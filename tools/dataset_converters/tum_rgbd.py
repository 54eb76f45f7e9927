"""Alias of ``mmmtl convert-dataset tum-rgbd``."""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('dataset_converters.tum_rgbd')
