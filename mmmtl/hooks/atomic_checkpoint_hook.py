"""A checkpoint hook that removes old checkpoints only after the new one is written."""

import re
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's `CheckpointHook`, which removes old checkpoints after it writes the new one.

    MMEngine removes the oldest checkpoint, and the best one so far, before it writes the new one: a kill in between
    loses it and, with ``max_keep_ckpts=1``, the whole run. Here the files to remove are found in the folder, so this
    continues after a resume, and no path in a checkpoint can cause the removal of another file.

    What a preempted run has left within an epoch is removed as well.
    """

    max_keep_ckpts: int

    def before_train(self, runner) -> None:
        self.keep, self.max_keep_ckpts = self.max_keep_ckpts, -1  # MMEngine removes nothing
        super().before_train(runner)

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        super()._save_checkpoint_with_step(runner, step, meta)
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
        super()._save_best_checkpoint(runner, metrics)
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
