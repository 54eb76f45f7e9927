"""A cache of the maps of teachers in files, for images whose pixels are the same in every epoch."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mmmtl.errors import CheckpointError, DataError, first_line
from mmmtl.files.atomic_path import atomic_path
from mmmtl.files.checksums import content_digest
from mmmtl.files.weight_files import load_plain
from mmmtl.models.teachers.timm_teacher import TimmTeacher
from mmmtl.structures import MultiTaskDataSample


class TeacherCache:
    """One file per teacher and image, with the maps and a digest of the pixels; damaged files are replaced.

    The digest is computed on the CPU, so the host waits for the device once per teacher and batch.

    Args:
        folder: Folder for the files. Each teacher has a subfolder, named by a digest of its weights and options. In
            mixed precision, its maps differ by rounding, and there is another subfolder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()
        self.digests: dict[int, str] = {}  # per teacher, as those of large ones take seconds

    def maps(self, teacher: TimmTeacher, rgb: Tensor, samples: Sequence[MultiTaskDataSample]) -> tuple[Tensor, ...]:
        """Return the maps (N, C_i, h_i, w_i) of a teacher; compute and write those that have no file.

        Args:
            teacher: The teacher.
            rgb: (N, 3, H, W) in [0, 1].
            samples: N samples, whose ``img_path`` names the images.

        Raises:
            DataError: The pixels of an image differ from those in the cache.
            CheckpointError: A file cannot be written.
        """
        if id(teacher) not in self.digests:
            self.digests[id(teacher)] = teacher.digest
        folder = self.folder / (self.digests[id(teacher)] + _precision(rgb.device.type))
        # padding lies between two values of 8 bits; the shift keeps rounding errors from changing the result
        pixels = (rgb.detach() * 255 + 0.25).floor().to(torch.uint8).cpu()
        digests = [content_digest(image.numpy().tobytes()) for image in pixels]
        files = [folder / f'{content_digest(str(sample.img_path).encode())}.pth' for sample in samples]
        entries = [_read(*entry) for entry in zip(files, digests, samples, strict=True)]
        missing = [index for index, entry in enumerate(entries) if entry is None]
        if missing:
            computed = teacher(rgb[missing])
            for row, index in enumerate(missing):
                maps = [x[row].cpu() for x in computed]
                _write(files[index], digests[index], maps)
                entries[index] = maps
        known = [maps for maps in entries if maps is not None]
        return tuple(torch.stack(maps).to(rgb.device, non_blocking=True) for maps in zip(*known, strict=True))


def _precision(device: str) -> str:
    """Return what distinguishes the maps of autocast from those without: the name of its dtype; '' without autocast."""
    return f'_{torch.get_autocast_dtype(device)}'.replace('torch.', '') if torch.is_autocast_enabled(device) else ''


def _read(path: Path, digest: str, sample: MultiTaskDataSample) -> list[Tensor] | None:
    if not path.is_file():
        return None
    try:
        content = load_plain(path)
    except CheckpointError:
        return None
    if not isinstance(content, dict) or not {'pixels', 'maps'} <= set(content):  # written by another program
        return None
    if content['pixels'] != digest:
        raise DataError(
            f'{sample.img_path}: its pixels differ from those in the cache of teacher maps, {path}; with random crops '
            'or colours, or with batches that are padded, set cache=None; otherwise delete the file'
        )
    return content['maps']


def _write(path: Path, digest: str, maps: list[Tensor]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as unfinished:
            torch.save({'pixels': digest, 'maps': [x.contiguous().clone() for x in maps]}, unfinished)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(
            f'{path}: cannot write the cache of teacher maps ({first_line(error)}); set cache to another folder'
        ) from None
