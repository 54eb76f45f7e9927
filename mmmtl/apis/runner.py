"""MMEngine's runner with checkpoints that run nothing and a resume that is exact."""

from copy import deepcopy
from functools import cached_property
from pathlib import Path

import torch
from mmengine.dist import all_gather, is_main_process
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from mmmtl.apis.checkpoint import latest_checkpoint, load_weights, read_checkpoint, write_checkpoint
from mmmtl.apis.config import accepted_arguments
from mmmtl.apis.label_stats import check_every_task_is_shown
from mmmtl.apis.launch import launch
from mmmtl.apis.memory import keep_freed_memory
from mmmtl.apis.names import resolve
from mmmtl.apis.random_state import random_state, set_random_state
from mmmtl.apis.report import recipe_digest
from mmmtl.apis.sampling_check import check_each_once
from mmmtl.datasets import collate_views
from mmmtl.errors import CheckpointError
from mmmtl.registry import RUNNERS


@RUNNERS.register_module()
class MultiTaskRunner(Runner):
    """What differs from MMEngine's `Runner`, and why.

    - Checkpoints hold tensors, numbers, strings, lists and dicts, are written whole or not at all, and are read with
      ``weights_only=True`` and no way back; MMEngine falls back to unpickling anything and runs the config it finds.
    - A checkpoint holds the state of every process's random generators, so that a resumed run equals an undisturbed
      one.
    - Loaders collate views, have samplers whose order is a function of (seed, pass), and a generator of their own, so
      that a validation in between does not change the training.
    - Where there is no GPU the process group is gloo, and freed memory is kept for the next step.
    """

    def setup_env(self, env_cfg: dict) -> None:
        launch(self._launcher)
        if not torch.cuda.is_available():
            keep_freed_memory()
        super().setup_env(env_cfg)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """DDP without device ids where there is no GPU."""
        if self.distributed and not torch.cuda.is_available() and model_wrapper_cfg is None:
            model_wrapper_cfg = {'type': 'MMDistributedDataParallel', 'device_ids': None, 'broadcast_buffers': False,
                                 'find_unused_parameters': self.cfg.get('find_unused_parameters', False)}
        return super().wrap_model(model_wrapper_cfg, model)

    @staticmethod
    def build_dataloader(dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
                         ) -> DataLoader:
        """Defaults of the house: `collate_views`, `EvenlySplitSampler`, a generator of the loader's own; a sampler
        that takes the batch size is given it."""
        if isinstance(dataloader, dict):
            dataloader = deepcopy(dataloader)
            dataloader.setdefault('collate_fn', {'type': collate_views})
            dataloader.setdefault('sampler', {'type': 'mmmtl.EvenlySplitSampler'})
            if 'batch_size' in accepted_arguments(resolve(dataloader['sampler']['type'], 'sampler.type')):
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
        check_every_task_is_shown(loop.dataloader.dataset, {name for one in losses.values() for name in one.teaches()})
        return loop

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Every sample once."""
        loop = super().build_val_loop(loop)
        check_each_once(loop.dataloader, 'val_dataloader')
        return loop

    def build_test_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Every sample once."""
        loop = super().build_test_loop(loop)
        check_each_once(loop.dataloader, 'test_dataloader')
        return loop

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """The loss log waits on the device, bad samples are counted, depths that no plane can match are told, all
        processes validate one network, a resumed run owes no validation."""
        ours = {'runtime_info': {'type': 'mmmtl.TrainingLogHook'},
                'checkpoint': {'type': 'mmmtl.CarefulCheckpointHook', 'interval': 1},
                'bad_samples': {'type': 'mmmtl.BadSampleHook'},
                'depth_range': {'type': 'mmmtl.DepthRangeHook'},
                'norm_statistics': {'type': 'mmmtl.NormStatisticsHook'},
                'resumed_validation': {'type': 'mmmtl.ResumedValidationHook'}}
        super().register_default_hooks({**ours, **(hooks or {})})

    @cached_property
    def config_text(self) -> str:
        """The config as Python; formatting it takes longer than writing a checkpoint."""
        return self.cfg.pretty_text

    # -- checkpoints ----------------------------------------------------------------------------------------------

    def save_checkpoint(self, out_dir: str, filename: str, file_client_args: dict | None = None,
                        save_optimizer: bool = True, save_param_scheduler: bool = True, meta: dict | None = None,
                        by_epoch: bool = True, backend_args: dict | None = None) -> None:
        """Called on every process, and so are the hooks; the first one writes."""
        states = {name: torch.stack(all_gather(value)) for name, value in random_state().items()}  # (processes, ...)
        done = {'epoch': self.epoch + by_epoch, 'iter': self.iter + (not by_epoch)}
        model = self.model.module if is_model_wrapper(self.model) else self.model
        checkpoint = {
            'meta': {**done, **(meta or {}), 'seed': self.seed, 'experiment_name': self.experiment_name,
                     'config': self.config_text, 'recipe': recipe_digest(self.cfg)},
            'state_dict': model.state_dict(),
            'random_state': states,
        }
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_wrapper.state_dict()
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = [scheduler.state_dict() for scheduler in self.param_schedulers]
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        hub = self.message_hub
        checkpoint['message_hub'] = {
            'log_scalars': dict(hub.log_scalars),
            'best_scores': {key: value for key, value in hub.runtime_info.items() if key.startswith('best_score')}}
        if is_main_process():
            write_checkpoint(checkpoint, Path(out_dir) / filename)

    def load_checkpoint(self, filename: str, map_location: str = 'cpu', strict: bool = True,
                        revise_keys: list | None = None) -> dict:
        """Weights only; all of them, or none and an error."""
        checkpoint = read_checkpoint(filename, map_location)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        load_weights(model, checkpoint['state_dict'], filename)
        self.logger.info(f'loaded the weights of {filename}')
        return checkpoint

    def load_or_resume(self) -> None:
        """Resume from ``load_from`` or the latest checkpoint of the work dir, or start from ``load_from``."""
        if self._has_loaded:
            return
        source = self._load_from
        if self._resume and source is None:
            source = latest_checkpoint(self.work_dir)
            self.logger.info(f'resuming from {source}' if source else
                             f'{self.work_dir}: nothing to resume, starting anew')
        if source is not None:
            (self.resume if self._resume else self.load_checkpoint)(str(source))
            self._has_loaded = True

    def resume(self, filename: str, resume_optimizer: bool = True, resume_param_scheduler: bool = True,
               map_location: str = 'cpu') -> None:
        """Take a run up where the checkpoint was written: nothing in the file is executed."""
        checkpoint = self.load_checkpoint(filename, map_location)
        needed = ('meta', 'optimizer', 'random_state', 'message_hub')
        missing = [name for name in needed if name not in checkpoint]
        if missing:
            raise CheckpointError(f'{filename}: cannot be resumed from, it lacks {", ".join(missing)}; start from its '
                                  'weights instead: --cfg-options load_from=FILE')
        meta = checkpoint['meta']
        seed = all_gather(torch.tensor(self.seed))[0].item()  # the first process's: it is the one that was saved
        if meta['seed'] != seed:
            raise CheckpointError(f'{filename}: written with seed {meta["seed"]}, this run has {seed}; set '
                                  f'--cfg-options randomness.seed={meta["seed"]} to resume')
        self.train_loop._epoch, self.train_loop._iter = meta['epoch'], meta['iter']
        for name, history in checkpoint['message_hub']['log_scalars'].items():
            self.message_hub.log_scalars[name] = HistoryBuffer(history['log_history'], history['count_history'])
        self.message_hub.update_info_dict({'epoch': meta['epoch'], 'iter': meta['iter'],
                                           **checkpoint['message_hub']['best_scores']})
        if resume_optimizer:
            self.optim_wrapper.load_state_dict(checkpoint['optimizer'])
        if resume_param_scheduler:
            states = checkpoint.get('param_schedulers', [])
            for scheduler, state in zip(self.param_schedulers or [], states, strict=True):
                scheduler.load_state_dict(state)
        self._resume_random_state(checkpoint['random_state'], filename)
        self._has_loaded = True
        self.logger.info(f'resumed from {filename} at epoch {self.epoch}, iteration {self.iter}')

    def _resume_random_state(self, states: dict[str, torch.Tensor], filename: str) -> None:
        processes = len(states['torch'])
        if processes != self.world_size:
            self.logger.warning(f'{filename} was written by {processes} processes, now there are {self.world_size}: '
                                'the random numbers inside the network go on differently')
            return
        set_random_state({name: values[self.rank] for name, values in states.items()})
