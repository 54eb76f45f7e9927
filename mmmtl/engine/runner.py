"""MMEngine's runner with the defaults of multi-task training."""

import logging
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop, LogProcessor, Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from mmmtl.checkpoints.random_state import separate_random_streams
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.configuration.signatures import accepted_arguments
from mmmtl.configuration.vis_backends import check_vis_backends
from mmmtl.datasets import ConcatDataset, MultiTaskDataset, collate_views
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.engine.checkpointing_runner import CheckpointingRunner
from mmmtl.engine.launch import init_distributed
from mmmtl.engine.loader_workers import protect_workers
from mmmtl.engine.memory import keep_freed_memory
from mmmtl.engine.sampling_check import check_sampled_once
from mmmtl.engine.sharding import check_optimizer, shard_model
from mmmtl.models.sharded_model import ShardedModel
from mmmtl.registry import RUNNERS


@RUNNERS.register_module()
class MultiTaskRunner(CheckpointingRunner):
    """The runner of mmmtl. It differs from MMEngine's `Runner` as follows.

    - Checkpoints are safe, and resuming is exact; see `CheckpointingRunner`.
    - Data loaders collate views, have samplers whose order is a function of (seed, epoch), and have their own random
      generator, so that a validation does not change the training. Their workers leave SIGTERM to the main process, and
      get the records of a dataset in a block of bytes, so that their memory does not grow.
    - Without a GPU the process group is gloo, and freed memory is kept for the next step.
    - Environment, config and the order of hooks, about 300 lines, are written to the log file only, unless
      ``log_level`` is DEBUG; so errors of a config or a dataset stay visible on the console.
    """

    console_levels: Sequence[tuple[logging.Handler, int]] = ()  # handlers muted while the runner is built

    def __init__(self, *args, **kwargs) -> None:
        try:
            super().__init__(*args, **kwargs)
        finally:
            self._restore_console()
        processes = 'one process' if self.world_size == 1 else f'{self.world_size} processes'
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else 'the CPU'
        self.logger.info(
            f'{processes} on {device}, torch {torch.__version__}, seed {self.seed}; environment, config '
            f'and hooks: {Path(self.log_dir, self.timestamp)}.log'
        )

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build the logger, and mute its console below WARNING until the runner is built."""
        logger = super().build_logger(*args, **kwargs)
        console = [handler for handler in logger.handlers if not isinstance(handler, logging.FileHandler)]
        self.console_levels = [(handler, handler.level) for handler in console if handler.level > logging.DEBUG]
        self._mute_console()
        return logger

    def _mute_console(self) -> None:
        for handler, level in self.console_levels:
            handler.setLevel(max(level, logging.WARNING))

    def _restore_console(self) -> None:
        for handler, level in self.console_levels:
            handler.setLevel(level)

    def setup_env(self, env_cfg: dict) -> None:
        """Join the process group, with or without a GPU."""
        init_distributed(self._launcher)
        if not torch.cuda.is_available():
            keep_freed_memory()
        super().setup_env(env_cfg)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap the model for distributed training; without a GPU, DDP has no device ids."""
        if self.distributed and not torch.cuda.is_available() and model_wrapper_cfg is None:
            model_wrapper_cfg = {
                'type': 'MMDistributedDataParallel',
                'device_ids': None,
                'broadcast_buffers': False,
                'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
            }
        return super().wrap_model(model_wrapper_cfg, model)

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a data loader.

        Defaults are `collate_views`, `EvenlySplitSampler` and persistent workers. The loader has its own random
        generator, and a sampler with an argument ``batch_size`` gets the loader's.
        """
        if isinstance(dataloader, dict):
            dataloader = deepcopy(dataloader)
            dataloader.setdefault('collate_fn', {'type': collate_views})
            dataloader.setdefault('sampler', {'type': 'mmmtl.EvenlySplitSampler'})
            if 'batch_size' in accepted_arguments(resolve_type(dataloader['sampler']['type'], 'sampler.type')):
                dataloader['sampler'].setdefault('batch_size', dataloader['batch_size'])
            if dataloader.get('num_workers'):
                dataloader.setdefault('persistent_workers', True)
        loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        loader.generator = torch.Generator().manual_seed(seed or 0)
        if loader.num_workers and isinstance(loader.dataset, MultiTaskDataset | ConcatDataset):
            loader.dataset.pack()
        protect_workers(loader)
        return loader

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the training loop, by default one that can resume within an epoch.

        The training data must have a label for every task.
        """
        if isinstance(loop, dict) and 'type' not in loop and loop.get('by_epoch'):
            loop = {'type': 'mmmtl.ResumableEpochLoop', **{key: loop[key] for key in loop if key != 'by_epoch'}}
        loop = super().build_train_loop(loop)
        losses = getattr(self.unwrapped_model, 'consistency_losses', {})
        check_every_task_is_shown(
            loop.dataloader.dataset, {name for loss in losses.values() for name in loss.supervised_tasks()}
        )
        return loop

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the validation loop, and check that it evaluates every sample once."""
        loop = super().build_val_loop(loop)
        check_sampled_once(loop.dataloader, 'val_dataloader')
        return loop

    def build_test_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the test loop, and check that it evaluates every sample once."""
        loop = super().build_test_loop(loop)
        check_sampled_once(loop.dataloader, 'test_dataloader')
        return loop

    def _init_model_weights(self) -> None:
        """Initialize weights alike on all ranks, then let each rank draw other random numbers.

        A sharded model has been initialized before it was sharded.
        """
        if isinstance(self.model, ShardedModel) and self.model.is_sharded:
            return
        super()._init_model_weights()
        separate_random_streams(self.seed, self.rank)

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """Register the default hooks of mmmtl, changed and extended by ``hooks``.

        They log losses without blocking the device, write checkpoints, count bad samples, restore non-finite buffers,
        report unused parameters and depths beyond the planes of the cost volume, synchronize norm statistics before a
        validation, end with a checkpoint on SIGTERM, and validate on resuming if the interrupted run did not.
        """
        defaults = {
            'runtime_info': {'type': 'mmmtl.TrainingLogHook'},
            'checkpoint': {'type': 'mmmtl.AtomicCheckpointHook', 'interval': 1},
            'bad_samples': {'type': 'mmmtl.BadSampleHook'},
            'finite_buffers': {'type': 'mmmtl.FiniteBuffersHook'},
            'unused_parameters': {'type': 'mmmtl.UnusedParametersHook'},
            'depth_range': {'type': 'mmmtl.DepthPlaneCoverageHook'},
            'norm_statistics': {'type': 'mmmtl.NormStatisticsHook'},
            'preemption': {'type': 'mmmtl.PreemptionHook'},
            'resumed_validation': {'type': 'mmmtl.ValidateOnResumeHook'},
        }
        super().register_default_hooks({**defaults, **(hooks or {})})

    def build_log_processor(self, log_processor: LogProcessor | dict) -> LogProcessor:
        """Build the log processor, by default `IntervalLogProcessor`."""
        if isinstance(log_processor, dict):
            log_processor = {'type': 'mmmtl.IntervalLogProcessor', **log_processor}
        return super().build_log_processor(log_processor)

    def build_visualizer(self, visualizer: Visualizer | dict | None = None) -> Visualizer:
        """Build the visualizer, after a check that the packages of its backends are installed."""
        check_vis_backends(visualizer)
        return super().build_visualizer(visualizer)

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | dict) -> OptimWrapper:
        """Build the optimizer wrapper, after sharding the model if it is a `ShardedModel`.

        MMEngine's lines, one per parameter with its own options, go to the log file.
        """
        if isinstance(self.model, ShardedModel):
            self._init_model_weights()
            shard_model(self, self.model)
        self._mute_console()
        try:
            wrapper = super().build_optim_wrapper(optim_wrapper)
        finally:
            self._restore_console()
        if isinstance(self.model, ShardedModel):
            check_optimizer(wrapper)
        return wrapper
