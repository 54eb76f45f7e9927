"""Fixtures with tasks, small generated rooms and a check for one-line errors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmmtl.errors import DataError
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg, Task


@pytest.fixture(scope='session')
def tasks() -> dict[str, Task]:
    return {
        'semseg': SemSeg('semseg', classes=SyntheticRooms.CLASSES),
        'depth': Depth('depth'),
        'normal': Normal('normal'),
    }


@pytest.fixture(scope='session')
def rooms(tmp_path_factory: pytest.TempPathFactory, tasks: dict[str, Task]) -> Callable[..., SyntheticRooms]:
    """Three rooms of two views, 96 x 128, drawn once; call it with a pipeline and what else differs."""
    cache = tmp_path_factory.mktemp('rooms')

    def build(pipeline: Sequence[dict] = (), **options) -> SyntheticRooms:
        given = dict(split='train', scenes=3, num_views=2, size=(96, 128), view_mode='all', tasks=tasks)
        return SyntheticRooms(pipeline=pipeline, **(given | {'cache': str(cache)} | options))

    return build


@pytest.fixture(scope='session')
def data_error() -> Callable:
    """A context in which a DataError must be raised: one line that names the file and matches the pattern."""

    @contextmanager
    def expect(path: Path | str, match: str | None = None) -> Iterator[None]:
        with pytest.raises(DataError, match=match) as caught:
            yield
        message = str(caught.value)
        assert str(path) in message and '\n' not in message

    return expect
