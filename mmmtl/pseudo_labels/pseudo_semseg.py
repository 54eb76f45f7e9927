"""Write pseudo labels for semantic segmentation: predictions of a trained network for views without a label."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from mmengine.registry import DefaultScope

from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.checkpoints.checkpoint import load_weights
from mmmtl.datasets.label_readers.pseudo_labels import check_pair, prepare_folder
from mmmtl.datasets.records import Record
from mmmtl.datasets.transforms import LoadPseudoLabels, RectifiedPair
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import ConfigError
from mmmtl.extras import import_extra
from mmmtl.files.output_folder import Output
from mmmtl.files.weight_files import read_state_dict
from mmmtl.pseudo_labels.pipeline_steps import sorts_views, steps_of
from mmmtl.registry import DATASETS
from mmmtl.tasks import SemSeg

Segment = Callable[[np.ndarray], np.ndarray]  # RGB (H, W, 3) -> classes (H, W)


def semseg_folder(pipeline: Sequence[Mapping], task: str) -> str:
    """Return the folder from which `LoadPseudoLabels` in the dataset's pipeline loads pseudo labels of the task.

    Raises:
        ConfigError: The pipeline loads none.
    """
    for step in steps_of(pipeline, LoadPseudoLabels):
        if task in step.get('names', ()):
            return step['folder']
    raise ConfigError(
        f'the split has no LoadPseudoLabels with {task} among its names; choose another --split, or give --out'
    )


def load_mmmtl_network(
    config: str, checkpoint: str, task: SemSeg, device: str, no_resize: bool
) -> tuple[Segment, tuple[int, int] | None]:
    """Load a network trained with mmmtl.

    Args:
        config: Config of the network.
        checkpoint: Its checkpoint.
        task: The segmentation task, which the network must have with the same classes.
        device: Device of the network.
        no_resize: Whether images keep their size, instead of being resized to that of the training.

    Returns:
        The network as a function, and the size (H, W) to whose area it resizes images, None if it keeps their size.

    Raises:
        ConfigError: The network has no task of this name, or one with different classes.
    """
    inferencer = MultiTaskInferencer(config, checkpoint, device, size=None if no_resize else 'trained')
    tasks = inferencer.model.tasks
    if task.name not in tasks:
        raise ConfigError(
            f'{config}: the network has no task {task.name}; its tasks are {", ".join(tasks)}; choose another --task'
        )
    found = getattr(tasks[task.name], 'classes', ())
    check_classes(len(found), task, config)
    if found != task.classes:
        found_class, expected = next(pair for pair in zip(found, task.classes, strict=True) if pair[0] != pair[1])
        raise ConfigError(
            f'{config}: the classes of {task.name} differ between network and task: found {found_class}, '
            f'expected {expected}'
        )
    return lambda image: cast(dict[str, np.ndarray], inferencer(image))[task.name], inferencer.size


def load_mmseg_network(config: str, checkpoint: str, task: SemSeg, device: str) -> Segment:
    """Load a network trained with mmsegmentation; images go through its own test pipeline.

    Raises:
        ConfigError: The network has a different number of classes than the task.
        CheckpointError: The checkpoint cannot be read or does not fit the config.
        MissingExtraError: mmsegmentation is not installed.
    """
    mmseg = import_extra('mmseg.apis', '--library mmseg')
    with DefaultScope.overwrite_default_scope('mmseg'):  # init_model sets it for the whole process
        model = mmseg.init_model(config, device=device)
    load_weights(model, read_state_dict(checkpoint), checkpoint)
    check_classes(model.num_classes, task, config)  # out_channels is 1 if a threshold separates two classes

    def segment(image: np.ndarray) -> np.ndarray:
        with DefaultScope.overwrite_default_scope('mmseg'):  # builds the test pipeline
            result = mmseg.inference_model(model, image[..., ::-1])  # BGR
        return result.pred_sem_seg.data[0].cpu().numpy()

    return segment


def check_classes(found: int, task: SemSeg, config: str) -> None:
    """Check that the network has as many classes as the task.

    Raises:
        ConfigError: It does not.
    """
    if found != task.channels:
        raise ConfigError(f'{config}: the network has {found} classes of {task.name}, expected {task.channels}')


def views_of(record: Record, pipeline: Sequence[Mapping], task: str) -> list[dict]:
    """Load the views of a record in the order in which `LoadPseudoLabels` receives them.

    The key ``labelled`` of a view is True if it has a label of the task.

    Raises:
        DataError: The pipeline expects a rectified pair, and the views are none.
    """
    views = [{**load_view(view, {}), 'labelled': task in view.labels} for view in record.views]
    if not steps_of(pipeline, RectifiedPair):
        return views
    return check_pair(views, record.name, sort=sorts_views(pipeline))


def write_pseudo_semseg(
    dataset_config: Mapping, task: SemSeg, segment: Segment, settings: Mapping[str, Any], folder: Path
) -> None:
    """Write the predicted classes of every view without a label to ``{record}/{view}_{task}.png``, 8 bit.

    Existing files are kept.

    Args:
        dataset_config: Config of the dataset.
        task: The segmentation task.
        segment: The trained network.
        settings: Settings on which the files depend, for the manifest.
        folder: Folder to fill.

    Raises:
        ConfigError: See `prepare_folder`.
        DataError: See `prepare_folder` and `views_of`; or an image is damaged.
    """
    pipeline = dataset_config.get('pipeline', ())
    dataset = DATASETS.build(dataset_config)
    prepare_folder(folder, task.name, {'data': str(dataset), **settings})
    output = Output(folder)
    for record in output.progress(dataset.records, 'records'):
        for number, view in enumerate(views_of(record, pipeline, task.name)):
            name = f'{record.name}/{number}_{task.name}.png'
            if not view['labelled'] and not output.has(name):
                output.write(name, segment(view['image']).astype(np.uint8))
    print(f'{folder}: {output.total()}')
