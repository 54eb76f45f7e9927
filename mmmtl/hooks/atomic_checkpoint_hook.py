"""Checkpoints of which an old one goes only when the new one is there."""

import re
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's hook, but it removes afterwards.

    MMEngine removes the checkpoint that is one too many, and the best one so far, before it writes the new one: a kill
    in between loses it, and with ``max_keep_ckpts=1`` the whole run. Which ones are too many is read from the folder,
    so a resumed run goes on tidying, and no path in a checkpoint can name what is removed.
    """

    def before_train(self, runner) -> None:
        self.most, self.max_keep_ckpts = self.max_keep_ckpts, -1  # MMEngine removes nothing
        super().before_train(runner)

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        super()._save_checkpoint_with_step(runner, step, meta)
        if self.most > 0:
            self.remove_all_but(self.most, self.filename_tmpl, step)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        if not self.save_best:
            return
        absent = [key for key in self.key_indicators if key != 'auto' and key not in metrics]
        if absent:
            raise ConfigError(f'checkpoint.save_best: validation gives no {absent[0]!r}; it gives {", ".join(metrics)}')
        single = len(self.key_indicators) == 1
        held = 'best_ckpt_path' if single else 'best_ckpt_path_dict'
        before = getattr(self, held)
        setattr(self, held, None if single else dict.fromkeys(before))  # MMEngine removes nothing
        super()._save_best_checkpoint(runner, metrics)
        after = getattr(self, held)
        setattr(self, held, after or before if single else {key: after[key] or before[key] for key in before})
        for key in self.key_indicators:
            step = runner.epoch if self.by_epoch else runner.iter
            self.remove_all_but(1, f'best_{key}_{self.filename_tmpl}'.replace('/', '_'), step)

    def remove_all_but(self, most: int, template: str, step: int) -> None:
        """Remove the oldest files of a template, of those up to ``step``."""
        if not is_main_process():
            return
        pattern = re.escape(template).replace(r'\{\}', r'(\d+)')
        found = sorted(
            (int(match[1]), path)
            for path in Path(self.out_dir).iterdir()
            if (match := re.fullmatch(pattern, path.name)) and int(match[1]) <= step
        )
        for _, path in found[:-most]:
            path.unlink()
