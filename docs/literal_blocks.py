"""An extension of Griffe: literal blocks of docstrings, after ``::``, as Markdown."""

import re
from typing import Any

import griffe


class LiteralBlocks(griffe.Extension):
    """Removes the ``::`` before an indented block, which Markdown would print."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring:
            text = re.sub(r'^ *::\n', '', obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r'(?<=\w)::$', ':', text, flags=re.MULTILINE)
