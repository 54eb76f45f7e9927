"""The shell commands of the Markdown pages: bash expands them, real parsers read them, and what they name exists."""

import argparse
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from documented_code import PAGES, ROOT, CodeBlock, code_blocks, inline_code

from mmmtl.apis import load_config
from mmmtl.cli.main import COMMANDS
from mmmtl.cli.subcommands import set_up
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.errors import UserError
from mmmtl.model_zoo.models import list_models

SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'tools').glob('*.sh'))
# Bash calls the handler for every command that it does not find, and it finds none; functions may have a path as name.
RECORD = 'command_not_found_handle() { printf "%s\\0" "$@" >&3; printf "\\1\\0" >&3; }\n' + ''.join(
    f'function {name} {{ command_not_found_handle {name} "$@"; }}\n' for name in SCRIPTS
)
OTHER_PROGRAMS = {'cp', 'make', 'mkdir', 'pip', 'python3', 'torchrun', 'unzip'}
PLACEHOLDER = re.compile(r'[A-Z_]+|\.\.\.|photos\.py')  # photos.py: written by `mmmtl new-project` on the page before
RECIPES = ('config', 'recipes', 'model')  # arguments that name a recipe
DEFAULT = 'baseline/aspp_resnet18_b8_2e_rooms_full'  # --cfg-options without a recipe change this one
RECIPE_OF_PROSE = {
    'own_data.md': 'baseline/fpn_lite0_b8_400i_camvid_bsds_two_view_partial',
    'pseudo_mtl.md': 'pseudo_mtl/pretrain.py::kitti_depth',
}


class ParsedError(BaseException):
    """Stops a script after it has read its options."""


def commands(text: str, folder: Path) -> list[list[str]]:
    """Return the words of every command that bash would run, with variables, loops and braces expanded."""
    text = re.sub(r'(?<=\s)\[((?:-|[A-Z]{2})[^\]\n]*)\](?=\s)', r'\1', text)  # optional arguments of a usage
    environment = {'PATH': '/nonexistent', 'MMMTL_DATA': '/data'}
    syntax = subprocess.run(['/bin/bash', '-n'], input=text, text=True, capture_output=True)
    assert syntax.returncode == 0, syntax.stderr
    (folder / 'block.sh').write_text(RECORD + text)
    with open(folder / 'record', 'wb') as record:
        run = subprocess.run(
            ['/bin/bash', '-c', f'exec 3>&{record.fileno()}; . ./block.sh'],
            cwd=folder, env=environment, pass_fds=[record.fileno()], capture_output=True, timeout=10,
        )  # fmt: skip
    assert b'No such file' not in run.stderr.replace(b'.venv/bin/activate: No such', b''), run.stderr
    *found, rest = (folder / 'record').read_bytes().decode().split('\1\0')
    assert not rest
    return [words.split('\0')[:-1] for words in found]


@cache
def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of ``mmmtl NAME``; a usage error is an exception."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    set_up(parser, f'mmmtl.cli.{name.replace("-", "_")}')
    return parser


def check(words: Sequence[str], monkeypatch) -> None:
    """Check one command.

    Raises:
        AssertionError, UserError, SystemExit: It does not parse, or names what does not exist.
    """
    program, *arguments = words[1:] if words[0] == 'srun' else words
    if program == 'mmmtl':
        assert arguments[0] in COMMANDS, f'mmmtl {arguments[0]}: no such command'
        check_recipes(vars(parser_of(arguments[0]).parse_args(arguments[1:])))
    elif program == 'python' and arguments[:2] == ['-W', 'ignore']:
        check([program, *arguments[2:]], monkeypatch)
    elif program == 'python' and arguments[0] != '-m':
        check_script(ROOT / arguments[0], arguments[1:], monkeypatch)
    elif program == 'python':
        assert arguments[1] == 'pytest' and all((ROOT / word).exists() for word in arguments[2:] if '/' in word), words
    elif program == 'make':
        targets = [word for word in arguments if '=' not in word]
        assert all(re.search(rf'^{target}:', (ROOT / 'Makefile').read_text(), re.M) for target in targets), words
    else:
        assert program in OTHER_PROGRAMS or program in SCRIPTS, f'{program}: unknown program'


def check_script(path: Path, arguments: Sequence[str], monkeypatch) -> None:
    """Run a Python script until it has parsed its arguments."""
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(*args: Any, **kwargs: Any) -> None:
        parse_args(*args, **kwargs)
        raise ParsedError

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, 'parse_args', parse_and_stop)
        patch.setattr(sys, 'argv', [str(path), *arguments])
        patch.syspath_prepend(path.parent)
        patch.setattr(os, 'execve', None)  # a benchmark that restarts itself must not restart the tests
        with pytest.raises(ParsedError):
            runpy.run_path(str(path), run_name='__main__')


def check_recipes(arguments: Mapping[str, Any]) -> None:
    """Load what the arguments of a command name as a recipe, with its ``--cfg-options``."""
    names = [arguments[key] for key in RECIPES if arguments.get(key)]
    names = [name for value in names for name in ([value] if isinstance(value, str) else value)]
    if isinstance(arguments.get('pretrain'), list):  # of TASK=CONFIG
        names += [entry.partition('=')[2] for entry in arguments['pretrain']]
    options = arguments.get('cfg_options') or {}
    recipes = [name for name in names if not PLACEHOLDER.fullmatch(name) and name not in list_models()]
    for name in recipes or ([DEFAULT] if options else []):
        for recipe in expand_recipes([name])[: None if options else 1]:
            load_config(recipe, options)


def unknown_options(span: str) -> list[str]:
    """Return the options in ``mmmtl COMMAND --option`` in prose that the command does not have."""
    words = span.split()
    assert words[1] in COMMANDS or PLACEHOLDER.fullmatch(words[1]), f'{span}: no such command'
    if words[1] not in COMMANDS:
        return []
    known = parser_of(words[1])._option_string_actions
    return [word for word in words[2:] if word.startswith('--') and word.partition('=')[0] not in known]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT / 'projects' / 'example_project')  # as the pages ask for


@pytest.mark.parametrize('block', code_blocks('bash'), ids=str)
def test_commands_of_blocks(block: CodeBlock, tmp_path, monkeypatch):
    for words in commands(block.text, tmp_path):
        try:
            check(words, monkeypatch)
        except (argparse.ArgumentError, SystemExit, UserError) as error:
            raise AssertionError(f'{block}: {" ".join(words)}: {error}') from error


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_prose(page):
    spans = inline_code(page)
    wrong = [option for span in spans if span.startswith('mmmtl ') for option in unknown_options(span)]
    assert not wrong
    for span in spans:
        if span.startswith('--cfg-options '):
            options = vars(parser_of('train').parse_args([DEFAULT, *shlex.split(span)]))['cfg_options']
            load_config(RECIPE_OF_PROSE.get(page.name, DEFAULT), options)


@pytest.mark.parametrize(
    'text',
    [
        'for row in full none; do mmmtl train cvm/ablation.py::$row; done',
        'mmmtl train --cfg-optoins a=1 cvm/ablation.py::full',
        'mmmtl train cvm/ablation.py::full --cfg-options train_dataloader.batchsize=4',
        'mmmtl test CONFIG CHECKPOINT --cfg-options model.backbone.depht=4',
        'mmmtl table absent/table.py',
        'mmmtl no-such-command',
        'python benchmarks/mapping.py --absent-option',
        'python benchmarks/absent.py',
        'make no_such_target',
        'tools/absent.sh CONFIG',
    ],
)
def test_wrong_commands_are_found(text, tmp_path, monkeypatch):
    with pytest.raises((AssertionError, argparse.ArgumentError, FileNotFoundError, SystemExit, UserError)):
        for words in commands(text, tmp_path):
            check(words, monkeypatch)


def test_bash_expands_a_block(tmp_path):
    text = 'T=a.py  # of all\nfor x in 1 2; do\n  mmmtl table $T::${x}_{a,b} "c d" [--paired]\ndone\n'
    expected = [['mmmtl', 'table', f'a.py::{x}_a', f'a.py::{x}_b', 'c d', '--paired'] for x in (1, 2)]
    assert commands(text, tmp_path) == expected
