"""The line below a button that states what happened."""

import html
import traceback
from collections.abc import Callable
from typing import Any

from mmmtl.errors import UserError


def reported(predict: Callable[..., list[Any]], cleared: list[Any]) -> Callable[..., list[Any]]:
    """Wrap a prediction: what goes wrong is one line in the status, and the results are cleared."""

    def run(*arguments: Any) -> list[Any]:
        try:
            summary, *results = predict(*arguments)
        except UserError as error:
            return [status_line(str(error), error=True), *cleared]
        except MemoryError:
            return [status_line('not enough memory for this photograph; make it smaller', error=True), *cleared]
        except Exception as error:  # the visitor has a line, the terminal the traceback
            traceback.print_exc()
            line = f'unexpected error ({type(error).__name__}); the terminal of mmmtl web has its traceback'
            return [status_line(line, error=True), *cleared]
        return [status_line(summary), *results]

    return run


def status_line(text: str, error: bool = False) -> str:
    """Return a line for the status, as HTML."""
    kind = ' class="error" role="alert"' if error else ''
    return f'<div class="status"><span{kind}>{html.escape(" ".join(text.split()))}</span></div>'
