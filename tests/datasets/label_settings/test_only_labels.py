"""Only the named tasks are shown."""

from pathlib import Path

import pytest

from mmmtl.datasets import LabelFile, OnlyLabels, Record, View
from mmmtl.errors import ConfigError


def record(*names: str) -> Record:
    return Record('r', (View(Path('image'), {name: LabelFile(Path(name)) for name in names}),))


def test_the_others_are_kept_back():
    shown = OnlyLabels(('depth',)).shown([record('depth', 'normal'), record('normal')], ['normal', 'depth'])
    assert shown == [('depth',), ()]


def test_a_name_that_nothing_has_is_refused():
    with pytest.raises(ConfigError, match='unknown tasks edge; the tasks are normal, depth'):
        OnlyLabels(('depth', 'edge')).shown([record('depth', 'normal')], ['normal', 'depth'])
