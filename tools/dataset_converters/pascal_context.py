"""Assembles the PASCALContext folder from what was downloaded, makes its list of objects, and checks that it is whole.

    tools/dataset_converters/pascal_context.py DST [--from FOLDER=SRC ...] [--partial]

FOLDER is one of the folders of `PascalContext`; the files of the splits are copied from SRC, which may be

    JPEGImages, semseg/VOC12        VOC2012's JPEGImages and SegmentationClass (host.robots.ox.ac.uk)
    pascal-context/trainval         trainval of PASCAL-Context (cs.stanford.edu/~roozbeh/pascal-context)
    human_parts                     Annotations_Part of PASCAL-Part (roozbehm.info/pascal-parts)
    the rest                        the same folder of ASTMT's PASCAL_MT archive or of ATRC's PASCALContext archive,
                                    since saliency and normals are predictions that only these have

Without ``--from`` the folder is only checked. Every file is opened; a second run copies what is not there or damaged.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from conversion import Output, existing, is_whole

from mmmtl.cli.command_line import command
from mmmtl.datasets.benchmarks.pascal_context import PascalContext, read_json
from mmmtl.datasets.label_readers.pascal_labels import read_label_map, read_objects
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import ConfigError, DataError

LISTS = {'ImageSets/Context': ('train.txt', 'val.txt'), 'json': ('nyu_classes.json', 'context_classes.json')}
PER_IMAGE = {
    'JPEGImages': '.jpg',
    'semseg/VOC12': '.png',
    'semseg/pascal-context': '.png',
    'human_parts': '.mat',
    'pascal-context/trainval': '.mat',
    'sal_distill': '.png',
    'normals_distill': '.png',
}
SEMSEG = ('semseg/VOC12', 'semseg/pascal-context')  # one of them is enough


def copy_lists(output: Output, sources: dict[str, Path]) -> None:
    """Splits and class names, which say what else is needed."""
    for folder, names in LISTS.items():
        for name in names if folder in sources else ():
            if not output.has(f'{folder}/{name}'):
                output.write(f'{folder}/{name}', existing(sources[folder] / name, f'the {name} of {folder}'))


def copy_images(output: Output, sources: dict[str, Path], names: list[str]) -> None:
    """What the sources have of the images' files."""
    for folder in (folder for folder in PER_IMAGE if folder in sources):
        for name in output.progress(names, folder):
            file = f'{name}{PER_IMAGE[folder]}'
            if (sources[folder] / file).is_file() and not output.has(f'{folder}/{file}'):
                output.write(f'{folder}/{file}', sources[folder] / file)


def list_objects(output: Output, split: str, names: list[str]) -> None:
    """ImageSets/Parts/SPLIT.txt: the class of every annotated object, -1 where its mask is empty."""
    cache, known = f'ImageSets/Parts/{split}.txt', {}
    if (output.root / cache).is_file():
        known = read_json(output.root / cache)
        if set(names) <= set(known):
            output.kept['ImageSets/Parts'] += 1
            return
    for name in output.progress(names, f'objects of {split}'):
        path = output.root / 'human_parts' / f'{name}.mat'
        if name not in known and path.is_file():
            known[name] = [int(thing['class_ind']) if (thing['mask'] > 0).any() else -1 for thing in read_objects(path)]
    if known:
        output.write(cache, [json.dumps(known)])


def problems(root: Path, names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """(folder -> names that it lacks, damaged files)."""
    missing: dict[str, list[str]] = {folder: [] for folder in PER_IMAGE if folder not in SEMSEG} | {'semseg': []}
    damaged = []
    for name in names:
        for folder, suffix in PER_IMAGE.items():
            path = root / folder / f'{name}{suffix}'
            if path.is_file() and not opens(path, folder):
                damaged.append(f'{folder}/{path.name}')
            elif folder in missing and not path.is_file():
                missing[folder].append(name)
        if not any((root / folder / f'{name}.png').is_file() for folder in SEMSEG):
            missing['semseg'].append(name)
    return {folder: lacking for folder, lacking in missing.items() if lacking}, damaged


def opens(path: Path, folder: str) -> bool:
    """The file holds what its folder should."""
    try:
        if path.suffix == '.mat':
            (read_objects if folder == 'human_parts' else read_label_map)(path)
    except DataError:
        return False
    return is_whole(path)


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dst', type=Path, help='the PASCALContext folder')
    parser.add_argument('--from', dest='sources', nargs='+', default=[], metavar='FOLDER=SRC')
    parser.add_argument('--partial', action='store_true', help='missing files are counted, but are no error')
    args = parser.parse_args()
    sources = {folder: Path(source) for folder, _, source in (given.partition('=') for given in args.sources)}
    unknown = [folder for folder in sources if folder not in {**LISTS, **PER_IMAGE}]
    if unknown:
        raise ConfigError(f'--from {unknown[0]}: expected FOLDER=SRC with one of {", ".join({**LISTS, **PER_IMAGE})}')
    for folder, source in sources.items():
        existing(source, f'the source of {folder}')

    output = Output(args.dst)
    copy_lists(output, sources)
    splits = {
        split: read_split(output.root / 'ImageSets' / 'Context' / f'{split}.txt') for split in PascalContext.COUNTS
    }
    names = [name for listed in splits.values() for name in listed]
    copy_images(output, sources, names)
    missing, damaged = problems(output.root, output.progress(names, 'check'))
    if not damaged:
        for split, listed in splits.items():
            list_objects(output, split, listed)
    output.report()
    for split, listed in splits.items():
        print(f'{split}: {len(listed)} images listed, the official split has {PascalContext.COUNTS[split]}')
    for folder, lacking in missing.items():
        print(f'{output.root / folder}: {len(lacking)} of {len(names)} missing, the first is {lacking[0]}')
    if damaged:
        raise DataError(
            f'{output.root / damaged[0]}: damaged, one of {len(damaged)} files; restore it, or give its '
            'source with --from and run again'
        )
    official = all(len(splits[split]) == count for split, count in PascalContext.COUNTS.items())
    if not args.partial and (missing or not official):
        raise DataError(f'{output.root}: not the whole data set, see above; add what is missing, or say --partial')


if __name__ == '__main__':
    main()
