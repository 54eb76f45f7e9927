"""The Markdown pages agree with the repository: links, paths, recipes, rows of tables, options and names exist."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from mmmtl.configuration.recipes import expand_recipes

ROOT = Path(__file__).parents[1]
FOLDERS = ('mmmtl', 'configs', 'tools', 'projects', 'docs', 'tests', 'benchmarks')
PATH = re.compile(rf'(?<![\w./$-])(?:{"|".join(FOLDERS)})/[\w./-]+\.(?:py|sh|md|png)(?:::[\w.]+)?')
FILE_NAME = re.compile(r'(?<![\w./*{}$<-])(?:[\w-]+/)*\w+\.py\b')
OPTION = re.compile(r'(?<![\w-])--[a-z][\w-]+')
CODE = re.compile(r'^```\w*\n(.*?)^```|`([^`\n]+)`', re.MULTILINE | re.DOTALL)
CLASS_NAME = re.compile(r'(?<![\w.])[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*[A-Z]\w*\b')
MODULE = re.compile(r'(?<![\w./-])mmmtl(?:\.\w+)+')
KEYWORD = re.compile(r'(?<![\w.$-])([a-z]\w*)=')
PLACEHOLDERS = {'mmmtl/a/b.py', 'tests/a/test_b.py', 'FILE.py', 'demo.py', 'photos.py'}
# names of other projects that the pages mention
FOREIGN_OPTIONS = {'--shallow', '--logdir', '--editable', '--index-url', '--time'}
FOREIGN_OPTIONS |= {'--only-binary', '--python-version', '--platform'}  # of pip
FOREIGN_CLASSES = {'SamAutomaticMaskGenerator', 'ReduceOnPlateauLR', 'EarlyStoppingHook'}
FOREIGN_KEYWORDS = {'init_kwargs'}  # of MMEngine's WandbVisBackend


def pages() -> list[Path]:
    return sorted([*ROOT.glob('*.md'), *(page for folder in FOLDERS for page in (ROOT / folder).rglob('*.md'))])


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize('page', pages(), ids=name_of)


def code(text: str) -> str:
    """All that is set in code, in order; shell variables and braces are expanded, assignments left out."""
    variables: dict[str, str] = {}
    lines = []
    for block, span in CODE.findall(text):
        for line in (block or span).splitlines():
            for name, value in variables.items():
                line = re.sub(rf'\${{?{name}\b}}?', lambda _, value=value: value, line)
            if (assignment := re.fullmatch(r'(?:export )?(\w+)=(\S+)(?: +#.*)?', line.strip())) and block:
                variables[assignment[1]] = assignment[2]
            else:
                lines.append(' '.join(expanded(line)))
    return '\n'.join(lines)


def expanded(line: str) -> Iterator[str]:
    """The words of a line, each with every choice of its braces, as a shell expands them."""
    for word in line.split():
        parts = re.split(r'[{}]', word) if re.search(r'\{[\w/]*,', word) else [word]
        yield from map(''.join, product(*(part.split(',') if i % 2 else [part] for i, part in enumerate(parts))))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower().replace('`', '')).replace(' ', '-')


def broken_links(page: Path) -> list[str]:
    """Links to what does not exist, or to a folder beside the page, which the site does not have."""
    text = re.sub(r'^```.*?^```', '', page.read_text(encoding='utf-8'), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'[a-z]+:', target):
            continue
        path, _, anchor = target.partition('#')
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (file.is_dir() and page.parent in file.parents and page.parent != ROOT):
            broken.append(target)
        elif anchor and anchor not in {slug(one) for one in re.findall(r'^#+ (.+)$', file.read_text(), re.MULTILINE)}:
            broken.append(target)
    return broken


@cache
def rows(table: str) -> frozenset[str]:
    return frozenset(name.partition('::')[2] for name in expand_recipes([ROOT / table]))


def unknown_paths(text: str) -> list[str]:
    """Paths below the root that do not exist, and rows that their table does not have."""
    found = []
    for mention in set(PATH.findall(code(text))) - PLACEHOLDERS:
        file, _, row = mention.partition('::')
        if not (ROOT / file).exists() or (row and row.rstrip('.') not in rows(file) | {'ROW'}):
            found.append(mention)
    return sorted(found)


@cache
def source() -> tuple[str, frozenset[str], frozenset[str]]:
    """The text of all code, the names of its files and of its classes."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob('*') if file.suffix in ('.py', '.sh')]
    files.append(ROOT / 'setup.py')
    texts = {file: file.read_text(encoding='utf-8') for file in files if file != Path(__file__)}
    classes = {name for text in texts.values() for name in re.findall(r'^\s*class (\w+)', text, re.MULTILINE)}
    paths = [file.relative_to(ROOT).parts for file in files]
    names = {'/'.join(path[start:]) for path in paths for start in range(len(path))}
    return '\n'.join(texts.values()), frozenset(names), frozenset(classes)


def unknown_names(text: str) -> list[str]:
    """Files, options, classes and keywords that occur nowhere in the code."""
    everything, files, classes = source()
    inside = code(text)
    imported = set(re.findall(r'\b[A-Z]\w+\b', everything))
    found = [name for name in FILE_NAME.findall(inside) if name not in files | PLACEHOLDERS]
    found += [option for option in OPTION.findall(inside) if option not in everything and option not in FOREIGN_OPTIONS]
    found += [name for name in CLASS_NAME.findall(inside) if name not in classes | imported | FOREIGN_CLASSES]
    words = set(re.findall(r'\w+', everything))
    found += [name for name in KEYWORD.findall(inside) if name not in words | FOREIGN_KEYWORDS]
    return list(dict.fromkeys(found))


def can_be_resolved(name: str) -> bool:
    """Whether ``mmmtl.a.b`` is a module or an attribute of one, or ``mmmtl.Name`` a class, which may be registered."""
    module, _, attribute = name.rpartition('.')
    if name.startswith('mmmtl.configs.'):  # where config files import the recipes from
        return (ROOT / name.removeprefix('mmmtl.').replace('.', '/')).with_suffix('.py').is_file()
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        try:
            return hasattr(importlib.import_module(module), attribute) or (
                module == 'mmmtl' and attribute in source()[2]
            )
        except ModuleNotFoundError:
            return False
    return True


@every_page
def test_links_lead_somewhere(page):
    assert not broken_links(page), f'{name_of(page)} links to what does not exist: {", ".join(broken_links(page))}'


@every_page
def test_paths_and_rows_exist(page):
    wrong = unknown_paths(page.read_text(encoding='utf-8'))
    assert not wrong, f'{name_of(page)} names what does not exist: {", ".join(wrong)}'


@every_page
def test_names_are_those_of_the_code(page):
    wrong = unknown_names(page.read_text(encoding='utf-8'))
    assert not wrong, f'{name_of(page)} names what the code does not have: {", ".join(wrong)}'


@every_page
def test_modules_and_registered_names_can_be_resolved(page):
    wrong = [name for name in MODULE.findall(code(page.read_text(encoding='utf-8'))) if not can_be_resolved(name)]
    assert not wrong, f'{name_of(page)} names what cannot be imported: {", ".join(wrong)}'


@pytest.mark.parametrize(
    ('text', 'check', 'wrong'),
    [
        ('`tools/trian.py`', unknown_paths, ['tools/trian.py']),
        ('`configs/cvm/ablation.py::fulll`', unknown_paths, ['configs/cvm/ablation.py::fulll']),
        ('`configs/cvm/ablation.py::{full,none}`', unknown_paths, ['configs/cvm/ablation.py::none']),
        ('```bash\nC=configs/cvm\npython tools/train.py $C/absent.py\n```', unknown_paths, ['configs/cvm/absent.py']),
        ('`absent_recipe.py`', unknown_names, ['absent_recipe.py']),
        ('`tools/train.py CONFIG --no-such-option`', unknown_names, ['--no-such-option']),
        ('`NoSuchHead`', unknown_names, ['NoSuchHead']),
        ('`no_such_option=1`', unknown_names, ['no_such_option']),
        ('tools/trian.py and NoSuchHead in prose are no code', unknown_paths, []),
    ],
)
def test_the_checks_fire(text, check, wrong):
    assert check(text) == wrong


def test_the_link_check_fires(tmp_path):
    (tmp_path / 'other.md').write_text('# A `title`, here\n')
    page = tmp_path / 'page.md'
    page.write_text(
        '[a](absent.md) [b](other.md#a-title-here) [c](other.md#absent) [d](https://example.org) [e](#no) [f](sub)'
    )
    (tmp_path / 'sub').mkdir()
    assert broken_links(page) == ['absent.md', 'other.md#absent', '#no', 'sub']
