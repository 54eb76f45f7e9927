"""The runner, and what it needs to start."""

from mmmtl.engine.runner import MultiTaskRunner

__all__ = ['MultiTaskRunner']
