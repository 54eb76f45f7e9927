"""How the tools end: a user's mistake is one line on stderr and exit code 2."""

import functools
import re
import sys
from collections.abc import Callable

from mmmtl.errors import UserError


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Decorate a tool's ``main``: a `UserError` is printed as one line, without a traceback.

    An error raised in a loader's worker process comes back with its traceback as text; only its last line is shown.
    """

    @functools.wraps(main)
    def run() -> None:
        try:
            main()
        except UserError as error:
            line = str(error).strip().splitlines()[-1]
            print('error: ' + re.sub(r'^mmmtl\.errors\.\w+: ', '', line), file=sys.stderr)
            sys.exit(2)

    return run
