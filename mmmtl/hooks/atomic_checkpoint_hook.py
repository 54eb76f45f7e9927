"""A checkpoint hook that removes old checkpoints only after the new one is written."""

import re
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook

from mmmtl.errors import ConfigError
from mmmtl.files.atomic_path import atomic_path
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's `CheckpointHook`, which removes old checkpoints after it writes the new one.

    MMEngine removes the oldest checkpoint, and the best one so far, before it writes the new one: a kill in between
    loses it and, with ``max_keep_ckpts=1``, the whole run. Here the files to remove are found in the folder, so this
    continues after a resume, and no path in a checkpoint can cause the removal of another file.

    MMEngine writes the last checkpoint a second time if a validation gives the best score so far. A run that resumes
    from it would repeat this validation (`ValidateOnResumeHook`) with a state in which it has been counted already, by
    early stopping or `ReduceOnPlateauLR` for example. Here it stays as it was before the validation.

    What a preempted run has left within an epoch is removed as well. The file ``last_checkpoint``, which other tools of
    OpenMMLab read, is replaced as a whole.

    Raises:
        ConfigError: ``out_dir`` is set, or a validation has no score that ``save_best`` names.
    """

    max_keep_ckpts: int

    def before_train(self, runner) -> None:
        if self.out_dir not in (None, runner.work_dir):
            raise ConfigError(
                f'default_hooks.checkpoint.out_dir: found {self.out_dir}, but checkpoints are written to the work dir, '
                'where --resume looks for them; remove it, and choose the folder with --work-dir'
            )
        self.keep, self.max_keep_ckpts = self.max_keep_ckpts, -1  # MMEngine removes nothing
        super().before_train(runner)
        done = runner.epoch if self.by_epoch else runner.iter
        if self.keep > 0:  # a run that was killed after it had written a checkpoint has left the old ones
            self.remove_all_but(self.keep, self.filename_tmpl, done)
        if self.by_epoch:
            self.remove_all_but(0, 'epoch_{}_iter_*.pth', done - 1)

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        name_last_checkpoint(runner, self.last_ckpt)
        if self.keep > 0:
            self.remove_all_but(self.keep, self.filename_tmpl, step)
        if self.by_epoch:
            self.remove_all_but(0, 'epoch_{}_iter_*.pth', step)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        if not self.save_best:
            return
        absent = [key for key in self.key_indicators if key != 'auto' and key not in metrics]
        if absent:
            raise ConfigError(
                f'checkpoint.save_best: validation has no score {absent[0]!r}; it has {", ".join(metrics)}'
            )
        single = len(self.key_indicators) == 1
        attribute = 'best_ckpt_path' if single else 'best_ckpt_path_dict'
        before = getattr(self, attribute)
        setattr(self, attribute, None if single else dict.fromkeys(before))  # MMEngine removes nothing
        last, self.last_ckpt = self.last_ckpt, None  # nor writes it again
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = last
        after = getattr(self, attribute)
        setattr(self, attribute, after or before if single else {key: after[key] or before[key] for key in before})
        for key in self.key_indicators:
            step = runner.epoch if self.by_epoch else runner.iter
            self.remove_all_but(1, f'best_{key}_{self.filename_tmpl}'.replace('/', '_'), step)

    def remove_all_but(self, keep: int, template: str, step: int) -> None:
        """Remove the files of a template up to ``step``, except for the newest ``keep``."""
        if not is_main_process():
            return
        pattern = re.escape(template).replace(r'\{\}', r'(\d+)').replace(r'\*', r'\d+')
        found = sorted(
            (int(match[1]), path)
            for path in Path(self.out_dir).iterdir()
            if (match := re.fullmatch(pattern, path.name)) and int(match[1]) <= step
        )
        for _, path in found[: len(found) - keep]:
            path.unlink()


def name_last_checkpoint(runner, path: str) -> None:
    """Write the path of the last checkpoint to the file ``last_checkpoint`` in the work dir, as MMEngine does."""
    if is_main_process():
        with atomic_path(Path(runner.work_dir, 'last_checkpoint')) as unfinished:
            unfinished.write_text(path)
