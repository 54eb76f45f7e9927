"""The documentation site: every page is in it, and it builds without a warning."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAV = re.findall(r'^ +- .*: (\S+\.md)$', (ROOT / 'mkdocs.yml').read_text(), re.MULTILINE)


def generated() -> set[str]:
    """Pages that the hooks make."""
    api = {f'api/{page}' for page in re.findall(r'- mmmtl\.[\w.]+: api/(\S+)', (ROOT / 'mkdocs.yml').read_text())}
    return api | {'changelog.md', 'contributing.md'}


def test_every_page_is_in_the_navigation_once():
    written = {path.relative_to(ROOT / 'docs').as_posix() for path in (ROOT / 'docs').rglob('*.md')}
    assert len(NAV) == len(set(NAV))
    assert set(NAV) == written | generated()


@pytest.mark.check
def test_the_site_builds_without_warnings(tmp_path):
    pytest.importorskip('mkdocs')
    command = [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--config-file', ROOT / 'mkdocs.yml']
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'NO_MKDOCS_2_WARNING': '1'}
    done = subprocess.run(
        [*command, '--site-dir', tmp_path / 'site'], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and 'WARNING' not in done.stderr, done.stderr
    pages = {path.relative_to(tmp_path / 'site') for path in (tmp_path / 'site').rglob('*.html')}
    assert {Path(page).with_suffix('.html') for page in NAV} <= pages
    assert 'Depth in metres' in (tmp_path / 'site' / 'api' / 'tasks.html').read_text()
    for page in pages:
        text = (tmp_path / 'site' / page).read_text()
        assert not re.search(r'href="(?!https?:)[^"#]*\.(?:py|md|sh)["#]', text), f'{page}: a link out of docs/ is left'
        assert '<p>::' not in text and '&gt;&gt;&gt;</p>' not in text, f'{page}: a docstring is not Markdown'
    assert 'class="md-search__input"' in (tmp_path / 'site' / 'index.html').read_text()
