"""What happens around the steps of a run."""

from mmmtl.hooks.progress_bar_hook import ProgressBarHook
from mmmtl.hooks.training_log_hook import TrainingLogHook

__all__ = ['ProgressBarHook', 'TrainingLogHook']
