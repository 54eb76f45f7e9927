"""The pages of the benchmarks: commands that parse, folders as the data sets read them, figures that follow."""

import argparse
import inspect
import re
import shlex
import textwrap
from pathlib import Path

import pytest
from test_docs import code

from mmmtl import datasets
from mmmtl.cli.main import COMMANDS
from mmmtl.cli.subcommands import add_commands

DOCS = Path(__file__).parents[1] / 'docs'
PAGES = [*sorted((DOCS / 'benchmarks').glob('*.md')), DOCS / 'slurm.md', DOCS / 'configs.md']
TREES = {
    'nyuv2': ['NYUv2'],
    'nyud40': ['NYUDMT'],
    'pascal_context': ['PascalContext'],
    'cityscapes': ['Cityscapes', 'CityscapesMTAN'],
    'kitti': ['KITTI', 'KITTISemantics'],
}


def commands(text: str) -> list[list[str]]:
    """Return the arguments of every ``mmmtl`` command in a block of a page."""
    blocks = re.findall(r'^```bash\n(.*?)^```', text.replace('\\\n', ' '), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in code(f'```\n{block}```').splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith('mmmtl ')]


def tree_of(data_set: type) -> str:
    """Return the folder that the docstring of a data set shows."""
    block = re.split(r'^::\n\n', inspect.getdoc(data_set), flags=re.MULTILINE)[1]
    return textwrap.dedent(re.split(r'^\S', block, flags=re.MULTILINE)[0]).strip()


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_commands_parse(page):
    parser = argparse.ArgumentParser()
    add_commands(parser, 'COMMAND', COMMANDS, 'mmmtl.cli')
    for arguments in commands(page.read_text()):
        parser.parse_args(arguments)


@pytest.mark.parametrize('arguments', ['table a.py --slurmm local', 'convert-dataset kitti only_one_folder'])
def test_a_command_that_does_not_parse_is_found(arguments):
    parser = argparse.ArgumentParser()
    add_commands(parser, 'COMMAND', COMMANDS, 'mmmtl.cli')
    (found,) = commands(f'```bash\nmmmtl {arguments}   # comment\n```')
    with pytest.raises(SystemExit):
        parser.parse_args(found)


@pytest.mark.parametrize(('page', 'name'), [(page, name) for page, names in TREES.items() for name in names])
def test_the_folder_is_that_of_the_data_set(page, name):
    blocks = re.findall(r'^```text\n(.*?)^```', (DOCS / 'benchmarks' / f'{page}.md').read_text(), re.M | re.S)
    assert tree_of(getattr(datasets, name)) in [block.strip() for block in blocks]
