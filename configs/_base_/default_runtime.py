"""Defaults of every run: logging, checkpoints and a fixed seed."""

from mmengine.hooks import DistSamplerSeedHook, IterTimerHook, LoggerHook, ParamSchedulerHook

from mmmtl.hooks import AtomicCheckpointHook, ConsistentConfigHook

default_hooks = dict(
    timer=dict(type=IterTimerHook),
    logger=dict(type=LoggerHook, interval=50),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(type=AtomicCheckpointHook, interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type=DistSamplerSeedHook),
    consistent_config=dict(type=ConsistentConfigHook),
)
log_level = 'INFO'
randomness = dict(seed=0)
