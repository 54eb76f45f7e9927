"""atomic_path: the whole file or none, and nothing left beside it."""

import os
from pathlib import Path

import pytest

from mmmtl.files.atomic_path import atomic_path, write_text_file


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


def test_a_text_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / 'table.md'
    write_text_file(path, 'Δ ± 1\n')
    assert path.read_bytes() == 'Δ ± 1\n'.encode() and list(tmp_path.iterdir()) == [path]
    write_text = Path.write_text

    def full(file: Path, text: str, encoding: str) -> None:
        write_text(file, text[:2], encoding)
        raise OSError('the disk is full')

    monkeypatch.setattr(Path, 'write_text', full)
    with pytest.raises(OSError, match='full'):
        write_text_file(path, 'longer\n')
    assert path.read_bytes() == 'Δ ± 1\n'.encode() and list(tmp_path.iterdir()) == [path]


def test_links_and_pipes_are_written_to(tmp_path: Path) -> None:
    file, link, pipe = tmp_path / 'file', tmp_path / 'link', tmp_path / 'pipe'
    link.symlink_to(file)
    write_text_file(link, 'linked')
    assert link.is_symlink() and file.read_text() == 'linked'
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text_file(pipe, 'piped')
    assert os.read(reader, 9) == b'piped' and pipe.is_fifo()
    os.close(reader)
