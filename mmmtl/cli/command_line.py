"""Read KEY=VALUE options, and turn user errors into one line on stderr and exit code 2."""

import argparse
import ast
import errno
import functools
import logging
import os
import re
import select
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mmmtl.cli.system_libraries import advice, missing_library
from mmmtl.errors import UserError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


class KeyValues(argparse.Action):
    """An argument of entries KEY=VALUE, read as MMEngine reads them; dicts are written as in a config.

    ``a=1``, ``a=[b,(1,2)]``, ``a=[dict(type='EMAHook',momentum=0.1)]``, ``a={'b':1}``. An entry that cannot be read is
    a usage error that names it.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        options = dict(getattr(namespace, self.dest, None) or {})
        for entry in values or ():
            key, equals, text = entry.partition('=')
            if not (key and equals):
                raise argparse.ArgumentError(self, f'{entry!r} is not KEY=VALUE')
            try:
                options[key] = read_value(text)
            except ValueError as error:
                raise argparse.ArgumentError(self, f'{entry}: {error}') from error
        setattr(namespace, self.dest, options)


def read_value(text: str) -> Any:
    """Parse the value of an option; nothing is executed.

    Raises:
        ValueError: A list, tuple or dict cannot be parsed; other text is returned as a string.
    """
    if re.match(r'\s*[\[({]|\s*dict\(', text) and re.search(r'\{|\bdict\(', text):  # MMEngine cannot parse dicts
        try:
            return _literal(ast.parse(text.strip(), mode='eval').body)
        except SyntaxError:
            if 'dict(' in text or ':' in text or text.count('{') != text.count('}'):
                raise ValueError(
                    "cannot be read as Python; write dicts as in a config, e.g. [dict(type='EMAHook')], "
                    'and quote the whole entry'
                ) from None
    from mmengine.config import DictAction  # imported here: it is slow, and --help does not need it

    try:
        return DictAction._parse_iterable(text)
    except AssertionError as error:
        raise ValueError(f'{error}; close every bracket') from None
    except RecursionError:  # a comma inside the brackets of a call
        raise ValueError('only dict(...) may be called in an option') from None


def _literal(node: ast.expr) -> Any:
    """Evaluate a constant, list, tuple or dict; a bare name is a string, as in MMEngine's lists."""
    match node:
        case ast.List(elts=items):
            return [_literal(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_literal(item) for item in items)
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant | ast.Name) for key in keys):
            return {_literal(key): _literal(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=entries) if all(entry.arg for entry in entries):
            return {entry.arg: _literal(entry.value) for entry in entries}
        case ast.Name(id=name):
            return {'true': True, 'false': False}.get(name, name)
        case ast.Attribute():
            return ast.unparse(node)
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError):
        raise ValueError(
            f'{ast.unparse(node)!r} is not a value; use numbers, strings, lists, tuples and dict(...)'
        ) from None


def command(main: Callable[..., None]) -> Callable[..., None]:
    """Decorate the function of a command, so that a user error or Ctrl-C ends in one line, and a closed pipe in none.

    User errors are a `UserError`, an `OSError` and a missing system library.
    """

    @functools.wraps(main)
    def run(*arguments: Any) -> None:
        logging.raiseExceptions = False  # if a log cannot be written, logging prints no traceback
        try:
            main(*arguments)
            sys.stdout.flush()
        except (UserError, OSError) as error:
            if isinstance(error, BrokenPipeError) and _is_output_closed():
                sys.exit(128 + signal.SIGPIPE)
            print(f'error: {one_line(error)}', file=sys.stderr)
            sys.exit(2)
        except ImportError as error:
            library = missing_library(error)
            if library is None:
                raise
            print(f'error: {advice(library)}', file=sys.stderr)
            sys.exit(2)
        except KeyboardInterrupt:
            print('interrupted', file=sys.stderr)
            sys.exit(128 + signal.SIGINT)

    return run


def _is_output_closed() -> bool:
    """Return whether the output has no reader any more, as after ``| head``; if so, discard the rest of it."""
    try:
        output = sys.stdout.fileno()
    except OSError:  # a replacement of stdout that is not a file
        return False
    state = select.poll()
    state.register(output, 0)
    closed = any(event & select.POLLERR for _, event in state.poll(0))
    if closed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return closed


def one_line(error: UserError | OSError) -> str:
    """Return the message of an error, on one line.

    An error raised in a loader's worker process comes back with its traceback as text: its last line is the message.
    """
    text = str(error).strip()
    if 'Original Traceback' in text:
        return re.sub(r'^[\w.]+: ', '', text.splitlines()[-1])
    line = ' '.join(text.split())
    if isinstance(error, OSError):
        prefix = f'{error.filename}: ' if error.filename else ''
        line = f'{prefix}{error.strerror or line}'
        if error.errno in DISK_FULL:
            line += '; free some space or write to another folder'
        elif error.errno in NOT_WRITABLE:
            line += '; choose a folder that you may write to'
    return line
