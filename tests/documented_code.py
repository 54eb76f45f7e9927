"""The code blocks of the Markdown pages."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *(ROOT / 'docs').rglob('*.md'), *ROOT.glob('projects/*/*.md')]
)


@dataclass(frozen=True)
class CodeBlock:
    """A fenced block; ``str`` gives its page and line."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f'{self.page}:{self.line}'


def code_blocks(language: str) -> list[CodeBlock]:
    """Return all blocks of a language, in the order of pages and lines."""
    blocks = []
    for path in PAGES:
        page = path.read_text(encoding='utf-8')
        for match in re.finditer(rf'^```{language}\n(.*?)^```', page, re.MULTILINE | re.DOTALL):
            line = page.count('\n', 0, match.start()) + 1
            blocks.append(CodeBlock(path.relative_to(ROOT).as_posix(), line, match[1]))
    return blocks


def inline_code(path: Path) -> list[str]:
    """Return the spans in backticks outside blocks; a line break in a span is a space."""
    page = re.sub(r'^```.*?^```', '', path.read_text(encoding='utf-8'), flags=re.MULTILINE | re.DOTALL)
    return [' '.join(span.split()) for span in re.findall(r'`([^`]+)`', page)]
