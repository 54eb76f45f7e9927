"""The runner, process groups and work dirs."""

from mmmtl.engine.runner import MultiTaskRunner

__all__ = ['MultiTaskRunner']
