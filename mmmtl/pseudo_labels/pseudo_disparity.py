"""Write pseudo disparity: left and right disparity with a confidence for every pair of a dataset."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from torch.utils.data import Dataset

from mmmtl.datasets.label_readers.pseudo_disparity import encode_confidence, encode_disparity
from mmmtl.datasets.label_readers.pseudo_labels import check_pair, prepare_folder, pseudo_label_folder
from mmmtl.datasets.transforms import LoadPseudoLabels
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import ConfigError
from mmmtl.files.checksums import content_digest
from mmmtl.files.output_folder import Output
from mmmtl.pseudo_labels.pipeline_steps import sorts_views, steps_of
from mmmtl.pseudo_labels.stereo_matching import (
    DisparityFolder,
    NetworkConfidence,
    SemiGlobalMatcher,
    left_right_confidence,
)
from mmmtl.registry import DATASETS


def disparity_folder(dataset: Config) -> str:
    """Return the folder from which the dataset or its `LoadPseudoLabels` loads pseudo disparity.

    Raises:
        ConfigError: Neither loads pseudo disparity from a folder.
    """
    steps = steps_of(dataset.get('pipeline', ()), LoadPseudoLabels)
    for part in (dataset, *(step for step in steps if 'disparity' in step.get('names', ('disparity',)))):
        if part.get('folder'):
            return part['folder']
    raise ConfigError('the split has no LoadPseudoLabels that names a folder; choose another --split, or give --out')


def write_pseudo_disparity(
    config: Config, backend: SemiGlobalMatcher | DisparityFolder, network: tuple[str, str, str] | None, out: str | None
) -> None:
    """Write disparity and confidence of both views of every pair; existing files are kept.

    Args:
        config: Config of the dataset.
        backend: Computes disparities, or reads those of another program.
        network: Config, checkpoint and device of a confidence network; None for the left-right check.
        out: Folder to fill; None for the one that the dataset reads.
    """
    confidence_of = NetworkConfidence(*network) if network else left_right_confidence
    dataset = DATASETS.build(config)
    folder = pseudo_label_folder(out or disparity_folder(config))
    prepare_folder(folder, 'disparity', manifest(dataset, backend, network))
    output = Output(folder)
    known = pixels = 0
    for record in output.progress(dataset.records, 'pairs'):
        names = [f'{record.name}/{view}_{kind}.png' for view in (0, 1) for kind in ('disparity', 'confidence')]
        if output.has(*names):
            continue
        views = check_pair(
            [load_view(view, {}) for view in record.views], record.name, sort=sorts_views(config.get('pipeline', ()))
        )
        left, right = (view['image'] for view in views)
        paths = Path(views[0]['img_path']), Path(views[1]['img_path'])
        disparity = (
            backend(left, right)
            if isinstance(backend, SemiGlobalMatcher)
            else backend.read(record.name, paths, left.shape[:2])
        )
        confidence = confidence_of(disparity)
        encoded = encode_disparity(disparity)
        for view in (0, 1):
            output.write(names[2 * view], encoded[view])
            output.write(names[2 * view + 1], encode_confidence(confidence[view]))
        known += int(np.count_nonzero(encoded))
        pixels += encoded.size
    print(
        f'{output.root}: {len(dataset.records)} pairs'
        + (f', {100 * known / pixels:.1f} % of the newly written pixels have a disparity' if pixels else '')
    )


def manifest(
    dataset: Dataset, backend: SemiGlobalMatcher | DisparityFolder, network: tuple[str, str, str] | None
) -> dict[str, Any]:
    """Return the settings on which the files depend."""
    return {
        'data': str(dataset),
        'backend': 'sgbm' if isinstance(backend, SemiGlobalMatcher) else 'folder',
        **asdict(backend),
        'confidence': [*network[:2], content_digest(Path(network[1]).read_bytes())] if network else 'left-right',
    }
