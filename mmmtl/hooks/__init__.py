"""Hooks around the steps of a run: checkpoints, logs, checks and progress."""

from mmmtl.hooks.activation_checkpointing_hook import ActivationCheckpointingHook
from mmmtl.hooks.atomic_checkpoint_hook import AtomicCheckpointHook
from mmmtl.hooks.bad_sample_hook import BadSampleHook
from mmmtl.hooks.consistency_ramp_hook import ConsistencyRampHook
from mmmtl.hooks.consistent_config_hook import ConsistentConfigHook
from mmmtl.hooks.depth_plane_coverage_hook import DepthPlaneCoverageHook
from mmmtl.hooks.early_stopping_hook import EarlyStoppingHook
from mmmtl.hooks.finite_buffers_hook import FiniteBuffersHook
from mmmtl.hooks.interval_log_processor import IntervalLogProcessor
from mmmtl.hooks.norm_statistics_hook import NormStatisticsHook
from mmmtl.hooks.preemption_hook import PreemptionHook
from mmmtl.hooks.progress_bar_hook import ProgressBarHook
from mmmtl.hooks.training_log_hook import TrainingLogHook
from mmmtl.hooks.unused_parameters_hook import UnusedParametersHook
from mmmtl.hooks.validate_on_resume_hook import ValidateOnResumeHook

__all__ = [
    'ActivationCheckpointingHook',
    'BadSampleHook',
    'AtomicCheckpointHook',
    'ConsistencyRampHook',
    'DepthPlaneCoverageHook',
    'FiniteBuffersHook',
    'EarlyStoppingHook',
    'ConsistentConfigHook',
    'IntervalLogProcessor',
    'NormStatisticsHook',
    'PreemptionHook',
    'ProgressBarHook',
    'ValidateOnResumeHook',
    'TrainingLogHook',
    'UnusedParametersHook',
]
