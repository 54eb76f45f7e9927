"""Garbage collection is restored to its previous state, also after an error."""

import gc

import pytest

from mmmtl.datasets.garbage_collection import paused_collection


@pytest.mark.parametrize('enabled', [True, False])
def test_the_state_before_is_restored(enabled):
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(KeyError), paused_collection():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
