"""What happens around the steps of a run."""

from mmmtl.hooks.training_log_hook import TrainingLogHook

__all__ = ['TrainingLogHook']
