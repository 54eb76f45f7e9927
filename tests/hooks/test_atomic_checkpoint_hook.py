"""Old checkpoints go after the new one is there; the folder says which."""

import errno
from pathlib import Path

import pytest
from mmengine.hooks import Hook
from tiny_run import tiny_run

from mmmtl.errors import ConfigError


class Files(Hook):
    """Which checkpoints there are at the moment when one is about to be written."""

    def __init__(self) -> None:
        self.seen: list[set[str]] = []

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        self.seen.append(names(runner.work_dir))


def names(folder: str | Path) -> set[str]:
    return {path.name for path in Path(folder).glob('*.pth')}


def test_one_is_always_there(tmp_path, rooms_cache):
    files = Files()
    tiny_run(tmp_path, {'files': files}, train_cfg__max_epochs=3, default_hooks__checkpoint__max_keep_ckpts=1).train()
    assert files.seen == [set(), {'epoch_1.pth'}, {'epoch_2.pth'}]
    assert names(tmp_path) == {'epoch_3.pth'}


def test_another_folder_is_refused(tmp_path, rooms_cache):
    """A resumed run would not find its checkpoints."""
    runner = tiny_run(tmp_path / 'run', default_hooks__checkpoint__out_dir=str(tmp_path / 'other'))
    with pytest.raises(ConfigError, match='checkpoint.out_dir: found .*other.*; remove it'):
        runner.train()
    assert not (tmp_path / 'other').exists()


def test_a_resumed_run_deletes_old_checkpoints(tmp_path, rooms_cache):
    tiny_run(tmp_path, train_cfg__max_epochs=2).train()
    (tmp_path / 'epoch_x.pth').touch()
    (tmp_path / 'mine.pth').touch()
    tiny_run(tmp_path, train_cfg__max_epochs=4, resume=True).train()
    assert names(tmp_path) == {'epoch_3.pth', 'epoch_4.pth', 'epoch_x.pth', 'mine.pth'}


def test_what_a_killed_run_has_left_is_removed_even_if_no_checkpoint_follows(tmp_path, rooms_cache):
    tiny_run(tmp_path, train_cfg__max_epochs=3, default_hooks__checkpoint__max_keep_ckpts=-1).train()
    (tmp_path / 'epoch_2_iter_7.pth').touch()
    tiny_run(tmp_path, train_cfg__max_epochs=3, resume=True).train()
    assert names(tmp_path) == {'epoch_2.pth', 'epoch_3.pth'}


@pytest.mark.parametrize('metrics', [['depth/abs_rel'], ['depth/abs_rel', 'normal/mean']])
def test_the_best_is_kept_over_a_resume(metrics, tmp_path, rooms_cache, monkeypatch):
    def scores(*values: float) -> None:
        values = iter(values)
        monkeypatch.setattr(
            'mmmtl.metrics.MultiTaskMetric.evaluate', lambda self, size: dict.fromkeys(metrics, next(values))
        )

    scores(3, 2)
    options = dict(
        train_cfg__val_interval=1,
        default_hooks__checkpoint__max_keep_ckpts=1,
        default_hooks__checkpoint__save_best=metrics,
        default_hooks__checkpoint__rule='less',
    )
    files = Files()
    tiny_run(tmp_path, {'files': files}, train_cfg__max_epochs=2, **options).train()
    best = {f'best_{measure.replace("/", "_")}_epoch_2.pth' for measure in metrics}
    assert names(tmp_path) == {'epoch_2.pth', *best}
    assert all({name.replace('2', '1') for name in best} <= seen for seen in files.seen[-len(best) :])
    scores(2, 5, 4)  # the resumed run validates its second epoch once more
    tiny_run(tmp_path, train_cfg__max_epochs=4, resume=True, **options).train()
    assert names(tmp_path) == {'epoch_4.pth', *best}


def test_a_full_disk_leaves_the_pointer_to_the_last_checkpoint(tmp_path, rooms_cache, monkeypatch):
    tiny_run(tmp_path, train_cfg__max_epochs=1).train()
    pointer = tmp_path / 'last_checkpoint'
    assert pointer.read_text() == str(tmp_path / 'epoch_1.pth')
    write_text = Path.write_text

    def full(path: Path, text: str) -> None:
        write_text(path, text[:5])
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(Path, 'write_text', full)
    with pytest.raises(OSError, match='No space left'):
        tiny_run(tmp_path, train_cfg__max_epochs=3, resume=True).train()
    monkeypatch.undo()
    assert pointer.read_text() == str(tmp_path / 'epoch_1.pth')
    assert names(tmp_path) == {'epoch_1.pth', 'epoch_2.pth'} and not list(tmp_path.glob('.*.tmp'))


def test_the_best_validation_is_counted_once_over_a_resume(tmp_path, rooms_cache):
    """A checkpoint holds the state before the validation, which a resumed run repeats."""
    options = dict(
        train_cfg__val_interval=1,
        default_hooks__checkpoint__save_best='depth/abs_rel',
        default_hooks__checkpoint__rule='less',
    )
    tiny_run(tmp_path, train_cfg__max_epochs=1, **options).train()
    resumed = tiny_run(tmp_path, train_cfg__max_epochs=2, resume=True, **options)
    resumed.train()
    scores = resumed.message_hub.get_scalar('val/depth/abs_rel').data[0]
    assert len(scores) == 2 and names(tmp_path) >= {'epoch_1.pth', 'epoch_2.pth'}
