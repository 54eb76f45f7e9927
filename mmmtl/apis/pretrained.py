"""What MMEngine and mmseg read for ``init_cfg=dict(type='Pretrained', checkpoint=...)``, made to run nothing."""

from pathlib import Path
from typing import Any

import torch
from mmengine.runner import CheckpointLoader

from mmmtl.apis.checkpoint import read_plain
from mmmtl.errors import CheckpointError


def read_pretrained_safely() -> None:
    """Put our readers in the place of MMEngine's, which unpickle anything when the safe way fails."""
    CheckpointLoader.register_scheme([scheme for scheme in CheckpointLoader._schemes if scheme], refuse, force=True)
    CheckpointLoader.register_scheme('', read_file, force=True)


def read_file(filename: str, map_location: str | torch.device | None = None) -> Any:
    """Tensors, numbers, strings, lists and dicts from a local file."""
    return read_plain(Path(filename).expanduser(), map_location)


def refuse(filename: str, map_location: str | torch.device | None = None) -> Any:
    """An address of the network.

    Raises:
        CheckpointError: Always.
    """
    raise CheckpointError(f'{filename}: weights are read from local files only; download the file and give its path')
