"""Cut the images of a data set into regions, for losses that compare regions.

    tools/generate_regions.py CONFIG --backend {sam,felzenszwalb,slic,instances,semseg} --out DIR [--split train]

Every image gets a 16-bit PNG of its own size, 0 where there is no region; the data set takes them by ``regions='DIR'``.
What is there already is kept, so a second run goes on where the first one stopped.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from region_backends import BACKENDS, OF_THE_DATA, Segmenter, build_segmenter, check_checkpoint, complete

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.datasets import MultiTaskDataset
from mmmtl.datasets.label_readers.region_files import LARGEST, MANIFEST, RegionFile, read_manifest, region_file_name
from mmmtl.datasets.records import LabelReader, View
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.checksums import as_json
from mmmtl.files.reading import read_image, read_size
from mmmtl.progress import progress
from mmmtl.registry import DATASETS
from mmmtl.tasks import SemSeg


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file whose data set is cut')
    parser.add_argument(
        '--backend',
        choices=BACKENDS,
        required=True,
        help="'sam' needs --checkpoint; 'instances' are those that come with the data set, "
        "'semseg' the classes of its labels, hidden or not",
    )
    parser.add_argument('--out', type=Path, required=True, help='folder to fill; one for each split')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train', help='which loader of the config')
    parser.add_argument('--part', help='which part, if its data set is a mixed one')
    parser.add_argument(
        '--settings',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='of the backend, such as points_per_side=16 (SAM) or scale=300 (felzenszwalb)',
    )
    parser.add_argument('--checkpoint', type=Path, help="SAM's published weights")
    parser.add_argument('--device', default='cpu', help='where SAM runs: cpu, cuda, cuda:1 ...')
    parser.add_argument('--processes', type=int, default=1, help='how many images at a time')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args(arguments)


segmenter: Segmenter | None = None  # of this process


@dataclass(frozen=True)
class Cutting:
    """One image and the file of its regions."""

    image: Path
    own: Callable[[], np.ndarray] | None  # the regions that come with the data set, -1 for none
    path: Path

    def finished(self) -> np.ndarray | None:
        """The map if it is there and whole.

        Raises:
            DataError: It is of another size than the image.
        """
        try:
            regions = RegionFile(self.path).load()
        except DataError:  # missing, or cut off by a kill: made again
            return None
        size = read_size(self.image)
        if regions.shape != size:
            raise DataError(
                f'{self.path}: regions of {regions.shape[0]} x {regions.shape[1]}, but the image '
                f'{self.image} is {size[0]} x {size[1]}; choose another --out, or delete the folder'
            )
        return regions

    def run(self, segmenter: Segmenter | None) -> int:
        """Make the map unless it is there; how many regions it has."""
        regions = self.finished()
        if regions is None:
            image = read_image(self.image)
            regions = self.own() + 1 if self.own else segmenter(image)
            if regions.shape != image.shape[:2] or not 0 <= regions.min() <= regions.max() <= LARGEST:
                raise DataError(
                    f'{self.image}: expected a map of {image.shape[0]} x {image.shape[1]} with at most '
                    f'{LARGEST} regions, found {regions.shape} with {regions.max()}'
                )
            write_whole(self.path, regions.astype(np.uint16))
        return np.unique(regions[regions > 0]).size


def write_whole(path: Path, regions: np.ndarray) -> None:
    """Under a temporary name, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        Image.fromarray(regions).save(unfinished, format='PNG')
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def data_set(args: argparse.Namespace) -> MultiTaskDataset:
    """Of the split, without the regions that are still to be made.

    Raises:
        ConfigError: It is a mixed one and no part is named, or there is no such part.
    """
    config = load_config(args.config, args.cfg_options)[f'{args.split}_dataloader'].dataset
    if 'parts' in config:
        if args.part not in config.parts:
            raise ConfigError(f'--part must be one of {", ".join(config.parts)}, found {args.part}')
        config = config.parts[args.part]
    return DATASETS.build({**config, 'regions': None})


def own_regions(backend: str, dataset: MultiTaskDataset, view: View) -> Callable[[], np.ndarray] | None:
    """What loads the regions that a view comes with; None for the backends that cut the image.

    Raises:
        ConfigError: It comes with none.
    """
    if backend not in OF_THE_DATA:
        return None
    if backend == 'instances' and view.instances is not None:
        return RegionFile(view.instances).load
    task = dataset.tasks.get('semseg')
    if backend == 'semseg' and 'semseg' in view.labels and task is not None and task.quantity == 'classes':
        return partial(classes, view.labels['semseg'], task)
    raise ConfigError(f'--backend {backend}: {view.image} comes with no {backend}; take another backend')


def classes(source: LabelReader, task: SemSeg) -> np.ndarray:
    """The classes of a label, -1 where it is void: each is one region."""
    label = source.load(task)
    return np.where(label == task.void, -1, label)


def check_manifest(out: Path, made: dict[str, Any]) -> None:
    """Write how the maps of the folder are made, or compare it with what stands there.

    Raises:
        DataError: The folder holds maps that were made otherwise.
    """
    if not (out / MANIFEST).exists():
        out.mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).write_text(as_json(made), encoding='utf-8')
        return
    known = read_manifest(out)
    different = [
        f'{key}={known.get(key)!r} there, {made.get(key)!r} now'
        for key in {*known, *made}
        if known.get(key) != made.get(key)
    ]
    if different:
        raise DataError(
            f'{out}: holds regions that were made otherwise ({"; ".join(sorted(different))}); choose '
            'another --out, or delete the folder'
        )


def cut_all(
    cuttings: Sequence[Cutting], args: argparse.Namespace, settings: dict[str, Any]
) -> Iterator[tuple[Path, int]]:
    """Image and number of its regions, in the order in which they are finished."""
    if args.processes == 1:
        prepare(args.backend, settings, args.checkpoint, args.device)
        for cutting in cuttings:
            yield cutting.image, cut(cutting)
        return
    context = multiprocessing.get_context('spawn')  # a CUDA device does not survive a fork
    with ProcessPoolExecutor(
        args.processes, context, prepare, (args.backend, settings, args.checkpoint, args.device)
    ) as pool:
        running = {pool.submit(cut, cutting): cutting for cutting in cuttings}
        try:
            for done in as_completed(running):
                yield running[done].image, done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def prepare(backend: str, settings: dict[str, Any], checkpoint: Path | None, device: str) -> None:
    """Build this process's segmenter, once for all its images."""
    global segmenter
    segmenter = None if backend in OF_THE_DATA else build_segmenter(backend, settings, checkpoint, device)


def cut(cutting: Cutting) -> int:
    """With this process's segmenter."""
    return cutting.run(segmenter)


@command
def main() -> None:
    args = parse_args()
    if args.processes < 1:
        raise ConfigError(f'--processes must be 1 or more, found {args.processes}')
    settings = complete(args.backend, args.settings)
    weights = check_checkpoint(args.backend, settings, args.checkpoint)
    dataset = data_set(args)
    cuttings = [
        Cutting(view.image, own_regions(args.backend, dataset, view), args.out / region_file_name(record, number))
        for record in dataset.records
        for number, view in enumerate(record.views)
    ]
    check_manifest(
        args.out,
        dict(
            backend=args.backend,
            settings=settings,
            checkpoint_sha256=weights,
            split=args.split,
            dataset=type(dataset).__name__,
            images=len(cuttings),
        ),
    )
    cut = cut_all(cuttings, args, settings)
    counts = dict(progress(cut, description='regions', unit='image', total=len(cuttings)))
    blank = [path for path, count in counts.items() if count == 0]
    if blank:
        print(
            f'warning: {len(blank)} of {len(counts)} images have no region, the first is {min(blank)}', file=sys.stderr
        )
    print(
        f'{args.out}: {len(counts)} images with {np.median(list(counts.values())):g} regions in the median, '
        f'{min(counts.values())} to {max(counts.values())}'
    )


if __name__ == '__main__':
    main()
