"""The pages of the benchmarks show the folders as the datasets read them."""

import inspect
import re
import textwrap
from pathlib import Path

import pytest

from mmmtl import datasets

DOCS = Path(__file__).parents[1] / 'docs'
TREES = {
    'nyuv2': ['NYUv2'],
    'nyud40': ['NYUDMT'],
    'pascal_context': ['PascalContext'],
    'cityscapes': ['Cityscapes', 'CityscapesMTAN'],
    'kitti': ['KITTI', 'KITTISemantics'],
}


def tree_of(data_set: type) -> str:
    """Return the folder that the docstring of a dataset shows."""
    block = re.split(r'^::\n\n', inspect.getdoc(data_set), flags=re.MULTILINE)[1]
    return textwrap.dedent(re.split(r'^\S', block, flags=re.MULTILINE)[0]).strip()


@pytest.mark.parametrize(('page', 'name'), [(page, name) for page, names in TREES.items() for name in names])
def test_the_folder_is_that_of_the_data_set(page, name):
    blocks = re.findall(r'^```text\n(.*?)^```', (DOCS / 'benchmarks' / f'{page}.md').read_text(), re.M | re.S)
    assert tree_of(getattr(datasets, name)) in [block.strip() for block in blocks]
