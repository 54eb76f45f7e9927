"""Find the checkpoint of a work dir to resume from."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.errors import CheckpointError, DamagedCheckpointError

RESUMABLE = re.compile(r'epoch_(\d+)(?:_iter_(\d+))?\.pth|iter_(\d+)\.pth')


def newest_first(work_dir: str | Path) -> list[Path]:
    """Return the checkpoints of a run, newest first.

    They are ``epoch_N.pth``, ``epoch_N_iter_M.pth`` (within epoch N + 1) and ``iter_M.pth``. MMEngine's file
    ``last_checkpoint`` is not read.
    """
    found = [
        (int(match[1] or match[3]), int(match[2] or 0), path)
        for path in Path(work_dir).glob('*.pth')
        if (match := RESUMABLE.fullmatch(path.name))
    ]
    return [path for *_, path in sorted(found, reverse=True)]


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest checkpoint of a run, damaged or not; None if there is none."""
    return next(iter(newest_first(work_dir)), None)


@dataclass(frozen=True)
class ReadableCheckpoint:
    """The checkpoint that a run resumes from.

    Args:
        file: The checkpoint; None if there is none.
        damaged: Newer checkpoints, none of which can be read, and the reason for each.
        recipe: Recipe digest in the checkpoint; None if it has none.
        seed: Seed of the run; None if the checkpoint has none.
    """

    file: Path | None = None
    damaged: dict[Path, str] = field(default_factory=dict)
    recipe: str | None = field(default=None, compare=False)
    seed: int | None = field(default=None, compare=False)

    def warnings(self) -> list[str]:
        """Return one line for each damaged checkpoint."""
        return [f'{reason}; resuming from the earlier {self.file} instead' for reason in self.damaged.values()]


def latest_readable_checkpoint(work_dir: str | Path) -> ReadableCheckpoint:
    """Return the newest checkpoint of a run that can be read.

    Raises:
        CheckpointError: There are checkpoints, but all of them are damaged; or one contains more than plain values.
    """
    damaged: dict[Path, str] = {}
    for path in newest_first(work_dir):
        try:
            meta = read_checkpoint(path).get('meta', {})
        except DamagedCheckpointError as error:
            damaged[path] = error.reason
        except CheckpointError:
            if path.exists():
                raise
            return latest_readable_checkpoint(work_dir)  # a process that still trains has replaced it with a newer one
        else:
            return ReadableCheckpoint(path, damaged, meta.get('recipe'), meta.get('seed'))
    if damaged:
        raise CheckpointError(
            f'{next(iter(damaged.values()))}, and {work_dir} has no earlier one that can be read; restore a copy, or '
            'choose another --work-dir to start anew'
        )
    return ReadableCheckpoint()
