"""Project files: one version, short files with docstrings, readable metadata."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import mmmtl
from mmmtl.models.backbones.packaged_weights import PACKAGED

ROOT = Path(__file__).parents[1]
FOLDERS = ('mmmtl', 'configs', 'tools', 'projects', 'docs', 'tests', 'benchmarks')
WRITTEN_BY_HAND = {'.py', '.md', '.sh', '.rst', '.html', '.yaml', '.yml'}  # tables and golden numbers may be long
LONGEST = 300


def files() -> list[Path]:
    """Every file that people read, the changelog left out."""
    inside = [file for folder in FOLDERS for file in (ROOT / folder).rglob('*') if file.suffix in WRITTEN_BY_HAND]
    return sorted([*inside, *ROOT.glob('README*'), ROOT / 'CONTRIBUTING.md', ROOT / 'Makefile', ROOT / 'setup.py'])


def too_long(paths: list[Path]) -> list[str]:
    lengths = {path: len(path.read_text(encoding='utf-8').splitlines()) for path in paths}
    return [f'{path}: {lines} lines' for path, lines in lengths.items() if lines > LONGEST]


def without_docstring(paths: list[Path]) -> list[str]:
    """Python files that do not begin by saying what they are; an empty `__init__.py` need not."""
    bare = []
    for path in paths:
        text = path.read_text(encoding='utf-8')
        excused = path.name == '__init__.py' and not text.strip()
        if path.suffix == '.py' and not excused and not ast.get_docstring(ast.parse(text)):
            bare.append(str(path))
    return bare


def options_without_help(paths: list[Path]) -> list[str]:
    """Options and arguments of scripts that ``--help`` does not explain."""
    return [
        f'{path}: {ast.unparse(call.args[0])}'
        for path in paths
        for call in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == 'add_argument'
        if not any(keyword.arg == 'help' or ast.unparse(keyword) == "action='version'" for keyword in call.keywords)
    ]


def test_no_file_is_longer_than_a_reader_can_hold():
    complaints = too_long(files())
    assert not complaints, '\n'.join(complaints)


def test_every_file_begins_by_saying_what_it_is():
    complaints = without_docstring(files())
    assert not complaints, '\n'.join(complaints)


def test_the_two_checks_above_fire(tmp_path):
    bare, long = tmp_path / 'bare.py', tmp_path / 'long.py'
    bare.write_text('x = 1\n' * LONGEST)
    long.write_text('"""A file."""\n' + 'x = 1\n' * LONGEST)
    (tmp_path / '__init__.py').write_text('')
    paths = sorted(tmp_path.iterdir())
    assert without_docstring(paths) == [str(bare)]
    assert too_long(paths) == [f'{long}: {LONGEST + 1} lines']


def test_every_option_has_a_help_text(tmp_path):
    folders = ('mmmtl', 'tools', 'projects', 'docs', 'benchmarks')
    complaints = options_without_help([file for folder in folders for file in (ROOT / folder).rglob('*.py')])
    assert not complaints, '\n'.join(complaints)
    script = tmp_path / 'script.py'
    script.write_text("parser.add_argument('--a', type=int)\nparser.add_argument('--b', help='b')\n")
    assert options_without_help([script]) == [f"{script}: '--a'"]


@pytest.fixture
def metadata() -> dict:
    """The ``[project]`` table of pyproject.toml."""
    return tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']


def test_one_version_everywhere(metadata):
    newest = re.search(r'^## \[(.+?)\]', (ROOT / 'CHANGELOG.md').read_text(), re.MULTILINE).group(1)
    cited = yaml.safe_load((ROOT / 'CITATION.cff').read_text())['version']
    assert 'version' in metadata['dynamic']  # read from mmmtl.__version__
    assert {newest, str(cited)} == {mmmtl.__version__}


def test_packages_of_weights_are_pinned_and_optional(metadata):
    pinned = [f'{weights.package}=={weights.version}' for weights in PACKAGED.values()]
    extras = metadata['optional-dependencies']
    assert extras['pretrained'] == pinned
    assert 'pretrained' in next(entry for entry in extras['test'] if entry.startswith('mmmtl['))
    assert not [requirement for requirement in metadata['dependencies'] if 'efficientnet' in requirement]


def test_one_licence_everywhere(metadata):
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()
    assert yaml.safe_load((ROOT / 'CITATION.cff').read_text())['license'] == metadata['license'] == 'Apache-2.0'


def test_citation_can_be_read():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['title'] == 'mmmtl'
    assert citation['cff-version'] and citation['message'] and citation['authors']
    for reference in citation['references']:
        assert {'type', 'title', 'authors', 'year'} <= set(reference)


def test_the_label_tables_are_in_what_is_installed(tmp_path):
    subprocess.run(
        [
            sys.executable,
            'setup.py',
            '-q',
            'build',
            '--build-base',
            str(tmp_path),
            'build_py',
            '--build-lib',
            str(tmp_path / 'lib'),
        ],
        cwd=ROOT,
        check=True,
    )
    installed = {file.name for file in (tmp_path / 'lib/mmmtl/datasets/label_splits').iterdir()}
    assert installed == {file.name for file in (ROOT / 'mmmtl/datasets/label_splits').iterdir()} and installed


def test_the_page_on_installation_states_the_supported_versions(metadata):
    page = (ROOT / 'docs' / 'install.md').read_text(encoding='utf-8').partition('## Supported versions')[2]
    stated = dict(re.findall(r'^\| ([\w-]+)(?: \([^|]*\))? \| ([\d.]+) (?:or newer|to [\d.]+) \|$', page, re.MULTILINE))
    python = f'Python{metadata["requires-python"]}'
    required = [*metadata['dependencies'], *metadata['optional-dependencies']['mmseg'], python]
    bounds = dict(re.findall(r'^([\w-]+)>=([\d.]+)', '\n'.join(required), re.MULTILINE))
    assert set(stated) == {'Python', 'torch', 'numpy', 'timm', 'onedl-mmengine', 'onedl-mmcv', 'onedl-mmsegmentation'}
    assert stated == {name: bounds[name] for name in stated}
    newest = [line.rpartition(' ')[2] for line in metadata['classifiers'] if 'Python :: 3.' in line][-1]
    assert f'| Python | {bounds["Python"]} to {newest} |' in page
