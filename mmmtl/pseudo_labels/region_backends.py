"""Methods that segment an image (H, W, 3) uint8 RGB into regions: a map (H, W) of region numbers, 0 for no region."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmmtl.checkpoints.checkpoint import load_weights
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.extras import import_extra
from mmmtl.files.checksums import file_sha256
from mmmtl.files.weight_files import load_plain

BACKENDS = ('sam', 'felzenszwalb', 'slic', 'instances', 'semseg')
DATASET_BACKENDS = ('instances', 'semseg')  # the regions come from labels of the dataset, without a segmenter
SAM_WEIGHTS = dict(vit_b='sam_vit_b_01ec64.pth', vit_l='sam_vit_l_0b3195.pth', vit_h='sam_vit_h_4b8939.pth')
SAM_ADDRESS = 'https://github.com/facebookresearch/segment-anything#model-checkpoints'

Segmenter = Callable[[np.ndarray], np.ndarray]


def known_settings(backend: str) -> dict[str, Any]:
    """Return the settings of a backend and their defaults; for SAM those of ``SamAutomaticMaskGenerator``."""
    if backend == 'felzenszwalb':  # about 30 regions in a photograph of 640 x 480
        return dict(scale=300.0, sigma=0.8, min_size=400)
    if backend == 'slic':
        return dict(n_segments=32, compactness=10.0, sigma=1.0)
    if backend == 'sam':
        generator = segment_anything().SamAutomaticMaskGenerator
        return {
            'model': 'vit_h',
            **{
                name: parameter.default
                for name, parameter in inspect.signature(generator).parameters.items()
                if isinstance(parameter.default, int | float)
            },
        }
    return {}


def complete_settings(backend: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Check the chosen settings of a backend, and return them with the defaults of the others.

    Raises:
        ConfigError: A setting is unknown or has a value of the wrong type.
    """
    known = known_settings(backend)
    for name, value in chosen.items():
        if name not in known:
            raise ConfigError(f'--settings {name}: {backend} has the settings {", ".join(known) or "none"}')
        wanted = (int, float) if isinstance(known[name], float) else type(known[name])
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ConfigError(f'--settings {name}={value!r}: expected a value such as {known[name]!r}')
    settings = known | dict(chosen)
    if backend == 'sam' and settings['model'] not in SAM_WEIGHTS:
        raise ConfigError(f'--settings model={settings["model"]!r}: expected one of {", ".join(SAM_WEIGHTS)}')
    return settings


def check_checkpoint(backend: str, settings: Mapping[str, Any], checkpoint: Path | None) -> str | None:
    """Return the SHA-256 of the checkpoint; None for a backend that needs no checkpoint.

    Raises:
        CheckpointError: The backend is SAM, and there is no checkpoint.
    """
    if backend != 'sam':
        return None
    if checkpoint is None or not checkpoint.is_file():
        found = 'none is given' if checkpoint is None else f'{checkpoint}: no such file'
        raise CheckpointError(
            f'--backend sam needs --checkpoint, {found}; download {SAM_WEIGHTS[settings["model"]]} '
            f'from {SAM_ADDRESS}, or use --backend felzenszwalb, which needs none'
        )
    return file_sha256(checkpoint)


def build_segmenter(
    backend: str, settings: Mapping[str, Any], checkpoint: Path | None = None, device: str = 'cpu'
) -> Segmenter:
    """Return the function that segments images with a backend; not for ``DATASET_BACKENDS``.

    Raises:
        MissingExtraError: scikit-image or segment-anything is not installed.
    """
    if backend == 'felzenszwalb':
        felzenszwalb = import_extra('skimage.segmentation', '--backend felzenszwalb').felzenszwalb
        return lambda image: felzenszwalb(image, **settings) + 1
    if backend == 'slic':
        slic = import_extra('skimage.segmentation', '--backend slic').slic
        return lambda image: slic(image, start_label=1, **settings)
    assert checkpoint is not None, 'check_checkpoint raises an error for SAM without weights'
    model = segment_anything().sam_model_registry[settings['model']]()
    load_weights(model, load_plain(checkpoint), checkpoint)
    return sam_segmenter(model.to(device).eval(), {name: value for name, value in settings.items() if name != 'model'})


def sam_segmenter(model: Any, settings: Mapping[str, Any]) -> Segmenter:
    """Return a function that segments images with all masks found by SAM (Kirillov et al., ICCV 2023).

    Where masks overlap, the smaller one is on top.
    """
    generator = segment_anything().SamAutomaticMaskGenerator(model, **settings)

    def segment(image: np.ndarray) -> np.ndarray:
        masks = [mask['segmentation'] for mask in generator.generate(image)]
        return merge_masks(masks, image.shape[:2])

    return segment


def merge_masks(masks: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Merge bool masks (H, W) into a map of regions, numbered from 1 from the largest to the smallest; 0 for none.

    Where masks overlap, the smaller one is on top.
    """
    regions = np.zeros(size, np.int64)
    for number, mask in enumerate(sorted(masks, key=lambda mask: -mask.sum()), 1):
        regions[mask] = number
    return regions


def segment_anything() -> Any:
    """Import segment-anything, only when it is needed because this takes seconds.

    Raises:
        MissingExtraError: It is not installed.
    """
    return import_extra('segment_anything', '--backend sam')
