"""Pseudo classes: tools/generate_pseudo_semseg.py CONFIG MODEL CHECKPOINT [--library mmseg] [--split train].

A trained network, of ours or of mmsegmentation, says the classes of every view of a split of CONFIG that has no label
of its own. They are written to where its `LoadPseudoLabels` looks for them. Run it again and it goes on.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from dataset_converters.conversion import Output

from mmmtl.apis import load_config
from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.datasets.label_readers.pseudo_disparity import computed_folder, pair_of, start_folder
from mmmtl.datasets.records import Record
from mmmtl.datasets.transforms import RectifiedPair
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import ConfigError
from mmmtl.files.checksums import digest
from mmmtl.registry import DATASETS
from mmmtl.tasks import SemSeg, build_tasks

Segment = Callable[[np.ndarray], np.ndarray]  # RGB (H, W, 3) -> classes (H, W)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Write pseudo classes for the views that have no label.')
    parser.add_argument('config', help='config whose data set wants them')
    parser.add_argument('model', help='config of the trained network')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--library', choices=('mmmtl', 'mmseg'), default='mmmtl', help='whose network it is')
    parser.add_argument('--task', default='semseg', help='name of the task, here and in a network of ours')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train', help='which loader of the config')
    parser.add_argument('--out', help="folder (default: the one that the config's LoadPseudoLabels names)")
    parser.add_argument(
        '--own-size',
        action='store_true',
        help='hand images to a network of ours at their own size, not at the one it was trained for',
    )
    parser.add_argument('--device', default='cpu', help='where the network runs')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


def folder_of(pipeline: list[dict], task: str) -> str:
    """Where the data set's own pipeline looks for pseudo labels of the task."""
    for step in pipeline:
        if task in step.get('names', ()):
            return step['folder']
    raise ConfigError(
        f'the split has no LoadPseudoLabels with {task} among its names; choose another --split, or give --out'
    )


def ours(config: str, checkpoint: str, task: SemSeg, device: str, own_size: bool) -> tuple[Segment, tuple | None]:
    """A network of this library, and the size to whose area it resizes images."""
    inferencer = MultiTaskInferencer(config, checkpoint, device, size=None if own_size else 'trained')
    found = getattr(inferencer.model.tasks.get(task.name), 'classes', ())
    check_classes(len(found), task, config)
    if found != task.classes:
        one, other = next(pair for pair in zip(found, task.classes, strict=True) if pair[0] != pair[1])
        raise ConfigError(f'{config}: a network of other classes of {task.name}: {one} where {other} is wanted')
    return lambda image: inferencer(image)[task.name], inferencer.size


def of_mmseg(config: str, checkpoint: str, task: SemSeg, device: str) -> Segment:
    """A network of mmsegmentation; its test pipeline prepares the images."""
    from mmseg.apis import inference_model, init_model

    model = init_model(config, device=device)
    load_weights(model, read_checkpoint(checkpoint)['state_dict'], checkpoint)
    check_classes(model.out_channels if hasattr(model, 'out_channels') else model.num_classes, task, config)
    return lambda image: inference_model(model, image[..., ::-1]).pred_sem_seg.data[0].cpu().numpy()  # BGR


def check_classes(found: int, task: SemSeg, config: str) -> None:
    """Raises ConfigError unless the network knows as many classes as the task."""
    if found != task.channels:
        raise ConfigError(f'{config}: a network of {found} classes of {task.name}, but {task.channels} are wanted')


def views_of(record: Record, pipeline: list[Mapping], task: str) -> list[dict]:
    """The views of a record in the order in which `LoadPseudoLabels` meets them; ``labelled``: has a label already."""
    views = [{**load_view(view, {}), 'labelled': task in view.labels} for view in record.views]
    order = [
        step.get('order', 'check') for step in pipeline if issubclass(resolve_type(step['type'], ''), RectifiedPair)
    ]
    return pair_of(views, record.name, sort='sort' in order) if order else views


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    task = build_tasks(config.tasks).get(args.task)
    if task is None or task.quantity != 'classes':
        raise ConfigError(f'{args.config}: {args.task} is none of its segmentation tasks; choose another --task')
    settings = config[f'{args.split}_dataloader'].dataset
    pipeline, dataset = settings.get('pipeline', ()), DATASETS.build(settings)
    folder = computed_folder(args.out or folder_of(pipeline, args.task))
    if args.library == 'mmmtl':
        segment, size = ours(args.model, args.checkpoint, task, args.device, args.own_size)
    else:
        segment, size = of_mmseg(args.model, args.checkpoint, task, args.device), None
    start_folder(
        folder,
        args.task,
        {
            'data': str(dataset),
            'model': args.model,
            'checkpoint': args.checkpoint,
            'weights': digest(Path(args.checkpoint).read_bytes()),
            'size': size and list(size),
        },
    )
    output = Output(folder)
    for record in output.progress(dataset.records, 'records'):
        for number, view in enumerate(views_of(record, pipeline, args.task)):
            name = f'{record.name}/{number}_{args.task}.png'
            if not view['labelled'] and not output.has(name):
                output.write(name, segment(view['image']).astype(np.uint8))
    print(f'{Path(folder)}: {sum(output.written.values())} written, {sum(output.kept.values())} there already')


if __name__ == '__main__':
    main()
