"""Hooks of MkDocs: pages made from files outside of docs/, and links to files that are not pages."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = {'CHANGELOG.md': 'changelog.md', 'CONTRIBUTING.md': 'contributing.md', 'README.md': 'index.md'}
LINK = re.compile(r'(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)')
API = re.compile(r'mmmtl\.[\w.]+')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the changelog, the contribution guide and one page per public package."""
    for source, page in OUTSIDE.items():
        if page != 'index.md':
            files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding='utf-8')))
    (api,) = (section['API'] for section in config.nav if 'API' in section)
    for package, page in (next(iter(entry.items())) for entry in api):
        if API.fullmatch(package):
            files.append(File.generated(config, page, content=f'# `{package}`\n\n::: {package}\n'))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to pages outside of docs/ into links of the site, and other links out of docs/ into text."""
    sources = {page: source for source, page in OUTSIDE.items() if page != 'index.md'}
    here = posixpath.dirname(sources.get(page.file.src_uri, f'docs/{page.file.src_uri}'))

    def link(match: re.Match) -> str:
        text, target = match.groups()
        if re.match(r'[a-z]+:|#', target):
            return match[0]
        path, _, anchor = target.partition('#')
        path = posixpath.normpath(posixpath.join(here, path))
        name = path.removeprefix('docs/') if path.startswith('docs/') else OUTSIDE.get(path)
        if name is None:
            if config.repo_url:
                return f'[{text}]({config.repo_url.rstrip("/")}/blob/main/{path})'
            return text if path in text or '`' in text else f'{text} (`{path}`)'
        name = posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or '.')
        return f'[{text}]({name}{"#" if anchor else ""}{anchor})'

    blocks = re.split(r'(^```.*?^```)', markdown, flags=re.MULTILINE | re.DOTALL)
    return ''.join(block if block.startswith('```') else LINK.sub(link, block) for block in blocks)
