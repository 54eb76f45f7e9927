"""Damage the newest checkpoint of a work dir, and the file that names it."""

import random
import re
from pathlib import Path

from failures import require
from interrupted_run import differences

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.checkpoints.latest_checkpoint import newest_first
from mmmtl.errors import CheckpointError

KINDS = ('truncated', 'empty', 'zeros', 'bytes flipped', 'block lost', 'other file')
POINTERS = ('', '/absent/epoch_9.pth', '\0\0\0\0', 'epoch_1.pth\nepoch_2.pth')
BLOCK = 4096


def damage_newest(work_dir: Path, rng: random.Random) -> tuple[Path, str]:
    """Damage the newest checkpoint, and in half of the cases ``last_checkpoint``; return the file and the kind."""
    path, kind = newest_first(work_dir)[0], rng.choice(KINDS)
    content = path.read_bytes()
    while True:
        path.write_bytes(damaged(content, kind, rng))
        if not is_harmless(content, path):
            break
    if rng.random() < 0.5:
        pointer = work_dir / 'last_checkpoint'
        pointer.unlink(missing_ok=True)
        if rng.random() < 0.8:
            pointer.write_text(rng.choice(POINTERS))
    return path, kind


def damaged(content: bytes, kind: str, rng: random.Random) -> bytes:
    """Return changed content."""
    if kind == 'truncated':
        return content[: rng.randrange(1, len(content))]
    if kind == 'empty':
        return b''
    if kind == 'zeros':
        return bytes(len(content))
    if kind == 'other file':
        return rng.randbytes(1000)
    changed = bytearray(content)
    if kind == 'block lost':
        start = rng.randrange(0, len(content) // BLOCK) * BLOCK
        changed[start : start + BLOCK] = bytes(BLOCK)
    else:
        for _ in range(3):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def is_harmless(content: bytes, path: Path) -> bool:
    """Return whether the file still has all values, as after a change of the bytes between two tensors."""
    before = path.with_name('before.tmp')
    before.write_bytes(content)
    try:
        found = read_checkpoint(path)
    except CheckpointError:
        return False
    else:
        require(not differences(read_checkpoint(before), found), f'{path}: the damage is not detected')
        return True
    finally:
        before.unlink()


def iteration_of(path: Path, epoch_length: int) -> int:
    """Return the completed iterations of a checkpoint from its name."""
    match = re.fullmatch(r'epoch_(\d+)(?:_iter_(\d+))?\.pth|iter_(\d+)\.pth', path.name)
    assert match, path
    return int(match[2] or match[3] or int(match[1]) * epoch_length)
