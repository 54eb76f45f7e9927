"""MMEngine's runner with safe checkpoints and exact resuming."""

from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather, broadcast_object_list, is_main_process, sync_random_seed
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import nn

from mmmtl.checkpoints.checkpoint import check_weights, load_weights, read_checkpoint, write_checkpoint
from mmmtl.checkpoints.latest_checkpoint import RESUMABLE, ReadableCheckpoint, latest_readable_checkpoint
from mmmtl.checkpoints.random_state import random_state
from mmmtl.checkpoints.replaced_weights import check_replaced_colours, without_pretrained
from mmmtl.checkpoints.resumable_epoch_loop import epoch_length
from mmmtl.checkpoints.resume import resume
from mmmtl.checkpoints.resume_check import training_data_summary
from mmmtl.checkpoints.resume_optimizer import group_settings, pending_gradients, scheduler_states
from mmmtl.checkpoints.sharded_tensors import gather_tensors
from mmmtl.configuration.recipe_digest import flatten_recipe, recipe_digest
from mmmtl.errors import CheckpointError
from mmmtl.model_wrapper import unwrap_model


class CheckpointingRunner(Runner):
    """A runner whose checkpoints differ from MMEngine's.

    - A checkpoint holds tensors, numbers, strings, lists and dicts. It is written atomically and read with
      ``weights_only=True`` without a fallback; MMEngine falls back to unpickling any object.
    - It holds the state of every rank's random generators, so that a resumed run equals an uninterrupted one, and the
      entries of the recipe, so that resuming with a different recipe is detected (`mmmtl.checkpoints.resume`).
    """

    _has_loaded: bool
    _skipped: tuple[Path, ...] = ()  # damaged checkpoints that are newer than the one that the run resumed from
    initial_settings: list[dict[str, Any]]  # `group_settings` before the first step

    @property
    def unwrapped_model(self) -> nn.Module:
        """The model without the wrapper for distributed training."""
        return unwrap_model(self.model)

    def set_randomness(self, seed: int | None = None, **options) -> None:
        """Seed all random generators.

        Without a seed, that of the checkpoint to resume from is used, else a random one; it is written to ``cfg``.
        """
        if seed is None:
            if self.cfg.get('resume'):
                file = self.cfg.get('load_from')
                seed = read_checkpoint(file).get('meta', {}).get('seed') if file else self._latest.seed
            seed = sync_random_seed() if seed is None else seed
            self.cfg.randomness = {**(self.cfg.get('randomness') or {}), 'seed': seed}
        super().set_randomness(seed, **options)

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Build the model, without pretrained weights if a checkpoint replaces all of them."""
        replaced = self._checkpoint_to_resume(self._load_from) if self._resume else self._load_from
        if not replaced:
            return super().build_model(model)
        built = super().build_model(without_pretrained(model))
        check_replaced_colours(model, built)
        return built

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | dict) -> OptimWrapper:
        """Build the optimizer, and keep its initial settings for checkpoints: some optimizers change their own."""
        wrapper = super().build_optim_wrapper(optim_wrapper)
        self.initial_settings = group_settings(wrapper)
        return wrapper

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """Description of the run that a resumed run is compared with."""
        counts = self.optim_wrapper._accumulative_counts
        return {
            'recipe_entries': flatten_recipe(self.cfg),
            'learnt_from': training_data_summary(self.train_dataloader, self.world_size, counts),
        }

    @cached_property
    def config_text(self) -> str:
        """The config as Python text; cached, since formatting it takes longer than writing a checkpoint."""
        return self.cfg.pretty_text

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
        """Write a checkpoint. Must be called on every rank, and calls the hooks on every rank; rank 0 writes."""
        states = {name: torch.stack(all_gather(value)) for name, value in random_state().items()}  # (world size, ...)
        checkpoint: dict[str, Any] = {
            'meta': {
                'epoch': self.epoch + by_epoch,
                'iter': self.iter + (not by_epoch),
                **(meta or {}),
                'epoch_length': epoch_length(self.train_loop),
                'seed': self.seed,
                'experiment_name': self.experiment_name,
                'config': self.config_text,
                'recipe': recipe_digest(self.cfg),
                **self.recipe,
            },
            'state_dict': gather_tensors(self.unwrapped_model.state_dict()),
            'random_state': states,
        }
        if save_optimizer:
            checkpoint['optimizer'] = gather_tensors(self.optim_wrapper.state_dict())
            checkpoint['first_settings'] = self.initial_settings
            checkpoint['gradients'] = gather_tensors(pending_gradients(self.unwrapped_model, self.optim_wrapper))
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = scheduler_states(self.param_schedulers)
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        hub = self.message_hub
        checkpoint['message_hub'] = {
            'log_scalars': dict(hub.log_scalars),
            'best_scores': {key: value for key, value in hub.runtime_info.items() if key.startswith('best_score')},
        }
        if is_main_process():
            path = Path(out_dir) / filename
            write_checkpoint(checkpoint, path)
            if RESUMABLE.fullmatch(filename):
                self._remove_skipped(path)

    def load_checkpoint(
        self,
        filename: str,
        map_location: str = 'cpu',
        strict: bool = True,
        revise_keys: list | None = None,
    ) -> dict:
        """Load the weights of a checkpoint, and nothing else.

        Raises:
            CheckpointError: They do not fit the model, whatever ``strict`` is; the model is unchanged.
        """
        checkpoint = read_checkpoint(filename, map_location)
        check_weights(self.unwrapped_model, checkpoint['state_dict'], filename)  # hooks such as EMAHook rely on it
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_weights(self.unwrapped_model, checkpoint['state_dict'], filename)
        self.logger.info(f'loaded the weights of {filename}')
        return checkpoint

    def load_or_resume(self) -> None:
        """Resume from ``load_from`` or the latest checkpoint of the work dir, or start from ``load_from``."""
        if self._has_loaded:
            return
        file = self._load_from
        if self._resume:
            file = self._checkpoint_to_resume(file)
            if not self._load_from:
                self._skipped = tuple(self._latest.damaged)
                for line in self._latest.warnings():
                    self.logger.warning(line)
            self.logger.info(
                f'resuming from {file}' if file else f'{self.work_dir}: nothing to resume, starting from scratch'
            )
        if file is not None:
            (self.resume if self._resume else self.load_checkpoint)(str(file))
            self._has_loaded = True

    def resume(self, filename: str, map_location: str = 'cpu') -> None:
        """Continue the run of a checkpoint with the current config; see `mmmtl.checkpoints.resume`."""
        checkpoint = self.load_checkpoint(filename, map_location)
        resume(self, checkpoint, filename)
        self._has_loaded = True

    def _checkpoint_to_resume(self, load_from: str | None) -> str | Path | None:
        """Return the given checkpoint, or the latest of the work dir that can be read."""
        return load_from or self._latest.file

    @cached_property
    def _latest(self) -> ReadableCheckpoint:
        """The latest checkpoint of the work dir that can be read; rank 0 chooses it for all ranks."""
        found: list[Any] = [None]
        if is_main_process():
            try:
                found = [latest_readable_checkpoint(self.work_dir)]
            except CheckpointError as error:
                found = [error]
        broadcast_object_list(found)
        if isinstance(found[0], CheckpointError):
            raise found[0]
        return found[0]

    def _remove_skipped(self, written: Path) -> None:
        """Remove the damaged checkpoints: the next start would skip what this run writes before it has passed them."""
        for path in self._skipped:
            if path.name != written.name:
                path.unlink(missing_ok=True)
        self._skipped = ()
