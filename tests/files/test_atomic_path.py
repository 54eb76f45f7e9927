"""atomic_path: the whole file or none, and nothing left beside it."""

from pathlib import Path

import pytest

from mmmtl.files.atomic_path import atomic_path


def test_the_file_appears_at_the_end_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    with atomic_path(path) as unfinished:
        unfinished.write_text('1')
        assert not path.exists() and unfinished.parent == tmp_path
    assert path.read_text() == '1' and list(tmp_path.iterdir()) == [path]


def test_an_error_keeps_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text('old')
    with pytest.raises(OSError, match='full'), atomic_path(path) as unfinished:
        unfinished.write_text('half')
        raise OSError('the disk is full')
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]
