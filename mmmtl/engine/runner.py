"""MMEngine's runner with checkpoints that run nothing and a resume that is exact."""

import logging
from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path

import torch
from mmengine.dist import all_gather, is_main_process, sync_random_seed
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop, LogProcessor, Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from mmmtl.checkpoints.checkpoint import (
    check_weights,
    latest_checkpoint,
    load_weights,
    read_checkpoint,
    write_checkpoint,
)
from mmmtl.checkpoints.random_state import random_state, separate_random_streams
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.checkpoints.resume import resume
from mmmtl.checkpoints.resume_check import training_data_summary
from mmmtl.checkpoints.resume_optimizer import group_settings, pending_gradients, scheduler_states
from mmmtl.configuration.recipe_digest import flatten_recipe, recipe_digest
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.configuration.signatures import accepted_arguments
from mmmtl.configuration.vis_backends import check_vis_backends
from mmmtl.datasets import collate_views
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.engine.launch import init_distributed
from mmmtl.engine.memory import keep_freed_memory
from mmmtl.engine.sampling_check import check_sampled_once
from mmmtl.registry import RUNNERS


@RUNNERS.register_module()
class MultiTaskRunner(Runner):
    """What differs from MMEngine's `Runner`, and why.

    - Checkpoints hold tensors, numbers, strings, lists and dicts, are written whole or not at all, and are read with
      ``weights_only=True`` and no way back; MMEngine falls back to unpickling anything and runs the config it finds.
    - A checkpoint holds the state of every process's random generators, so that a resumed run equals an undisturbed
      one, and the recipe entry by entry, so that a resume into another run is noticed (`checkpoints/resume.py`).
    - Loaders collate views, have samplers whose order is a function of (seed, pass), and a generator of their own, so
      that a validation in between does not change the training.
    - Where there is no GPU the process group is gloo, and freed memory is kept for the next step.
    - Environment, config and order of hooks, some 300 lines, go to the log file alone, unless ``log_level`` is DEBUG;
      what is wrong with a config or a data set stands at the top of the console.
    """

    quiet: Sequence[tuple[logging.Handler, int]] = ()  # handlers of the console, and their levels once it is built

    def __init__(self, *args, **kwargs) -> None:
        try:
            super().__init__(*args, **kwargs)
        finally:
            for handler, level in self.quiet:
                handler.setLevel(level)
        processes = 'one process' if self.world_size == 1 else f'{self.world_size} processes'
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else 'the CPU'
        self.logger.info(
            f'{processes} on {device}, torch {torch.__version__}, seed {self.seed}; environment, config '
            f'and hooks: {Path(self.log_dir, self.timestamp)}.log'
        )

    def build_logger(self, *args, **kwargs) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        console = [handler for handler in logger.handlers if not isinstance(handler, logging.FileHandler)]
        self.quiet = [(handler, handler.level) for handler in console if handler.level > logging.DEBUG]
        for handler, level in self.quiet:
            handler.setLevel(max(level, logging.WARNING))
        return logger

    def setup_env(self, env_cfg: dict) -> None:
        init_distributed(self._launcher)
        if not torch.cuda.is_available():
            keep_freed_memory()
        super().setup_env(env_cfg)

    def set_randomness(self, seed: int | None = None, **options) -> None:
        """A config without a seed takes that of the checkpoint that it resumes from, or a random one; ``cfg`` then
        holds it."""
        if seed is None:
            source = self._resumed_from(self.cfg.get('load_from')) if self.cfg.get('resume') else None
            meta = read_checkpoint(source).get('meta', {}) if source else {}
            seed = meta.get('seed', sync_random_seed())
            self.cfg.randomness = {**(self.cfg.get('randomness') or {}), 'seed': seed}
        super().set_randomness(seed, **options)

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Without pretrained weights where a checkpoint replaces all of them."""
        replaced = self._resumed_from(self._load_from) if self._resume else self._load_from
        return super().build_model(without_pretrained(model) if replaced else model)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """DDP without device ids where there is no GPU."""
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
        """Defaults of the house: `collate_views`, `EvenlySplitSampler`, a generator of the loader's own; a sampler
        that takes the batch size is given it."""
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
        return loader

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Not without a label for every task."""
        loop = super().build_train_loop(loop)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        losses = getattr(model, 'consistency_losses', {})
        check_every_task_is_shown(
            loop.dataloader.dataset, {name for one in losses.values() for name in one.supervised_tasks()}
        )
        return loop

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Every sample once."""
        loop = super().build_val_loop(loop)
        check_sampled_once(loop.dataloader, 'val_dataloader')
        return loop

    def build_test_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Every sample once."""
        loop = super().build_test_loop(loop)
        check_sampled_once(loop.dataloader, 'test_dataloader')
        return loop

    def _init_model_weights(self) -> None:
        """The same on all processes; after that, each draws random numbers of its own."""
        super()._init_model_weights()
        separate_random_streams(self.seed, self.rank)

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """The loss log waits on the device, statistics stay finite, bad samples are counted, parameters that no loss
        depends on and depths that no plane can match are named, all processes validate one network, a resumed run owes
        no validation."""
        ours = {
            'runtime_info': {'type': 'mmmtl.TrainingLogHook'},
            'checkpoint': {'type': 'mmmtl.AtomicCheckpointHook', 'interval': 1},
            'bad_samples': {'type': 'mmmtl.BadSampleHook'},
            'finite_buffers': {'type': 'mmmtl.FiniteBuffersHook'},
            'unused_parameters': {'type': 'mmmtl.UnusedParametersHook'},
            'depth_range': {'type': 'mmmtl.DepthPlaneCoverageHook'},
            'norm_statistics': {'type': 'mmmtl.NormStatisticsHook'},
            'resumed_validation': {'type': 'mmmtl.ValidateOnResumeHook'},
        }
        super().register_default_hooks({**ours, **(hooks or {})})

    def build_log_processor(self, log_processor: LogProcessor | dict) -> LogProcessor:
        """Ours where no type is given."""
        if isinstance(log_processor, dict):
            log_processor = {'type': 'mmmtl.IntervalLogProcessor', **log_processor}
        return super().build_log_processor(log_processor)

    def build_visualizer(self, visualizer: Visualizer | dict | None = None) -> Visualizer:
        check_vis_backends(visualizer)
        return super().build_visualizer(visualizer)

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | dict) -> OptimWrapper:
        """The settings that it begins with are kept for checkpoints: an optimiser may change its own."""
        wrapper = super().build_optim_wrapper(optim_wrapper)
        self.first_settings = group_settings(wrapper)
        return wrapper

    @cached_property
    def recipe(self) -> dict:
        """What a resumed run is compared by."""
        counts = self.optim_wrapper._accumulative_counts
        return {
            'recipe_entries': flatten_recipe(self.cfg),
            'learnt_from': training_data_summary(self.train_dataloader, self.world_size, counts),
        }

    @cached_property
    def config_text(self) -> str:
        """The config as Python; formatting it takes longer than writing a checkpoint."""
        return self.cfg.pretty_text

    # -- checkpoints ----------------------------------------------------------------------------------------------

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
        backend_args: dict | None = None,
    ) -> None:
        """Called on every process, and so are the hooks; the first one writes."""
        states = {name: torch.stack(all_gather(value)) for name, value in random_state().items()}  # (processes, ...)
        done = {'epoch': self.epoch + by_epoch, 'iter': self.iter + (not by_epoch)}
        model = self.model.module if is_model_wrapper(self.model) else self.model
        checkpoint = {
            'meta': {
                **done,
                **(meta or {}),
                'seed': self.seed,
                'experiment_name': self.experiment_name,
                'config': self.config_text,
                'recipe': recipe_digest(self.cfg),
                **self.recipe,
            },
            'state_dict': model.state_dict(),
            'random_state': states,
        }
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_wrapper.state_dict()
            checkpoint['first_settings'] = self.first_settings
            checkpoint['gradients'] = pending_gradients(model, self.optim_wrapper)
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = scheduler_states(self.param_schedulers)
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        hub = self.message_hub
        checkpoint['message_hub'] = {
            'log_scalars': dict(hub.log_scalars),
            'best_scores': {key: value for key, value in hub.runtime_info.items() if key.startswith('best_score')},
        }
        if is_main_process():
            write_checkpoint(checkpoint, Path(out_dir) / filename)

    def load_checkpoint(
        self, filename: str, map_location: str = 'cpu', strict: bool = True, revise_keys: list | None = None
    ) -> dict:
        """Weights only; all of them, or none and an error."""
        checkpoint = read_checkpoint(filename, map_location)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        check_weights(model, checkpoint['state_dict'], filename)  # hooks such as EMAHook rely on it
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_weights(model, checkpoint['state_dict'], filename)
        self.logger.info(f'loaded the weights of {filename}')
        return checkpoint

    def load_or_resume(self) -> None:
        """Resume from ``load_from`` or the latest checkpoint of the work dir, or start from ``load_from``."""
        if self._has_loaded:
            return
        source = self._load_from
        if self._resume:
            source = self._resumed_from(source)
            self.logger.info(
                f'resuming from {source}' if source else f'{self.work_dir}: nothing to resume, starting anew'
            )
        if source is not None:
            (self.resume if self._resume else self.load_checkpoint)(str(source))
            self._has_loaded = True

    def resume(self, filename: str, map_location: str = 'cpu') -> None:
        """Continue from where the checkpoint was written, as the config is now; nothing in the file is executed."""
        checkpoint = self.load_checkpoint(filename, map_location)
        resume(self, checkpoint, filename)
        self._has_loaded = True

    def _resumed_from(self, given: str | None) -> str | Path | None:
        """The checkpoint that is named, or the latest of the work dir."""
        return given or latest_checkpoint(self.work_dir)
