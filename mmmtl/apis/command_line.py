"""How the tools end: a user's mistake is one line on stderr and exit code 2."""

import argparse
import errno
import functools
import logging
import re
import signal
import sys
from collections.abc import Callable, Sequence

from mmengine.config import DictAction

from mmmtl.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


class KeyValues(DictAction):
    """An argument of entries KEY=VALUE, as MMEngine reads them; what cannot be read is a usage error that names it."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Sequence[str],
                 option_string: str | None = None) -> None:
        for entry in values:
            key, equals, _ = entry.partition('=')
            if not (key and equals):
                raise argparse.ArgumentError(self, f'{entry!r} is not KEY=VALUE')
        try:
            super().__call__(parser, namespace, values, option_string)
        except AssertionError as error:
            raise argparse.ArgumentError(self, f'{error}; close every bracket') from error


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Decorate a tool's ``main``: a `UserError` or `OSError` is printed as one line, without a traceback; so is Ctrl-C.
    """

    @functools.wraps(main)
    def run() -> None:
        logging.raiseExceptions = False  # a log that cannot be written shall not print tracebacks of its own
        try:
            main()
        except (UserError, OSError) as error:
            print(f'error: {one_line(error)}', file=sys.stderr)
            sys.exit(2)
        except KeyboardInterrupt:
            print('interrupted', file=sys.stderr)
            sys.exit(128 + signal.SIGINT)

    return run


def one_line(error: UserError | OSError) -> str:
    """What was wrong, on one line.

    An error raised in a loader's worker process comes back with its traceback as text: its last line is the message.
    """
    text = str(error).strip()
    if 'Original Traceback' in text:
        return re.sub(r'^[\w.]+: ', '', text.splitlines()[-1])
    line = ' '.join(text.split())
    if isinstance(error, OSError):
        place = f'{error.filename}: ' if error.filename else ''
        line = f'{place}{error.strerror or line}'
        if error.errno in FULL:
            line += '; free some space or choose another place'
        elif error.errno in FORBIDDEN:
            line += '; choose a place that you may write to'
    return line
