"""The weights of a network of the model zoo: in the package, or downloaded once, always with a checksum."""

from pathlib import Path
from urllib.error import URLError

import torch

from mmmtl.datasets.multi_task_dataset import cache_root
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.files.atomic_path import atomic_path
from mmmtl.files.checksums import file_sha256
from mmmtl.model_zoo.models import ModelInfo

SHIPPED = Path(__file__).parent / 'weights'


def weights_file(model: ModelInfo) -> Path:
    """Return the file with the weights of a network, after a check of its SHA-256.

    A file behind a URL is downloaded into ``models`` of the cache folder (``MMMTL_CACHE``) at first use.

    Raises:
        ConfigError: No weights are published.
        CheckpointError: The file is missing, cannot be downloaded, or has a different checksum.
    """
    if model.weights is None or model.sha256 is None:
        raise ConfigError(f'{model.name}: no weights are published; train it: {model.command}')
    if '://' not in model.weights:
        return verified(SHIPPED / model.weights, model.sha256)
    path = cache_root() / 'models' / f'{model.sha256[:8]}-{model.weights.rsplit("/", 1)[-1]}'
    if not path.is_file():
        _download(model.weights, path, model.sha256)
    return verified(path, model.sha256)


def verified(path: Path, sha256: str) -> Path:
    """Return ``path`` if the file has the checksum.

    Raises:
        CheckpointError: The file is missing or has a different checksum.
    """
    try:
        found = file_sha256(path)
    except OSError as error:
        raise CheckpointError(f'{path}: {error.strerror}; install mmmtl again') from None
    if found != sha256:
        raise CheckpointError(
            f'{path}: expected SHA-256 {sha256}, found {found}; remove the file, and install or download it again'
        )
    return path


def _download(url: str, path: Path, sha256: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_path(path) as unfinished:
            torch.hub.download_url_to_file(url, str(unfinished), progress=False)
            verified(unfinished, sha256)
    except URLError as error:
        raise CheckpointError(f'{url}: cannot be downloaded ({error.reason})') from None
