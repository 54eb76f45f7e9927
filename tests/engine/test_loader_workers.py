"""Workers of data loaders are prepared before they load the first sample."""

from types import SimpleNamespace

from mmmtl.engine import loader_workers
from mmmtl.engine.loader_workers import protect_workers


def test_workers_keep_freed_memory_and_ignore_the_signals_of_a_preemption(monkeypatch) -> None:
    calls: list = []
    monkeypatch.setattr(loader_workers, 'keep_freed_memory', lambda: calls.append('memory'))
    monkeypatch.setattr(loader_workers.signal, 'signal', lambda number, action: calls.append(action))
    monkeypatch.setattr(loader_workers, 'Finalize', lambda *args, **kwargs: calls.append('at exit'))
    loader = SimpleNamespace(num_workers=2, worker_init_fn=lambda worker: calls.append(worker))
    protect_workers(loader)
    loader.worker_init_fn(7)
    ignored = [loader_workers.signal.SIG_IGN] * len(loader_workers.PREEMPTION_SIGNALS)
    assert calls == ['at exit', *ignored, 'memory', 7]


def test_a_loader_without_workers_is_left_alone() -> None:
    loader = SimpleNamespace(num_workers=0, worker_init_fn=None)
    protect_workers(loader)
    assert loader.worker_init_fn is None
