"""What happens around the steps of a run."""

from mmmtl.hooks.bad_sample_hook import BadSampleHook
from mmmtl.hooks.careful_checkpoint_hook import CarefulCheckpointHook
from mmmtl.hooks.consistency_ramp_hook import ConsistencyRampHook
from mmmtl.hooks.depth_range_hook import DepthRangeHook
from mmmtl.hooks.early_stopping_hook import EarlyStoppingHook
from mmmtl.hooks.finite_buffers_hook import FiniteBuffersHook
from mmmtl.hooks.handed_out_hook import HandedOutHook
from mmmtl.hooks.interval_log_processor import IntervalLogProcessor
from mmmtl.hooks.norm_statistics_hook import NormStatisticsHook
from mmmtl.hooks.progress_bar_hook import ProgressBarHook
from mmmtl.hooks.resumed_validation_hook import ResumedValidationHook
from mmmtl.hooks.training_log_hook import TrainingLogHook
from mmmtl.hooks.unused_parameters_hook import UnusedParametersHook

__all__ = [
    'BadSampleHook',
    'CarefulCheckpointHook',
    'ConsistencyRampHook',
    'DepthRangeHook',
    'FiniteBuffersHook',
    'EarlyStoppingHook',
    'HandedOutHook',
    'IntervalLogProcessor',
    'NormStatisticsHook',
    'ProgressBarHook',
    'ResumedValidationHook',
    'TrainingLogHook',
    'UnusedParametersHook',
]
