"""Assemble the PASCALContext folder from downloads, write its list of objects, and check it for missing files.

``mmmtl convert-dataset pascal-context --help`` describes the source and the result.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmmtl.datasets.benchmarks.pascal_context import PascalContext, read_json
from mmmtl.datasets.label_readers.pascal_labels import read_label_map, read_objects
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.output_folder import Output, existing, is_whole

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
SEMSEG = ('semseg/VOC12', 'semseg/pascal-context')  # each image needs one of them


def copy_lists(output: Output, sources: dict[str, Path]) -> None:
    """Copy the split lists and the class names from the sources (folder to fill -> folder to copy from)."""
    for folder, names in LISTS.items():
        for name in names if folder in sources else ():
            if not output.has(f'{folder}/{name}'):
                output.write(f'{folder}/{name}', existing(sources[folder] / name, f'the {name} of {folder}'))


def copy_images(output: Output, sources: dict[str, Path], names: list[str]) -> None:
    """Copy those files of the images ``names`` that the sources contain."""
    for folder in (folder for folder in PER_IMAGE if folder in sources):
        for name in output.progress(names, folder):
            file = f'{name}{PER_IMAGE[folder]}'
            if (sources[folder] / file).is_file() and not output.has(f'{folder}/{file}'):
                output.write(f'{folder}/{file}', sources[folder] / file)


def list_objects(output: Output, split: str, names: list[str]) -> None:
    """Write ImageSets/Parts/SPLIT.txt: the class of every annotated object, -1 if its mask is empty."""
    cache = f'ImageSets/Parts/{split}.txt'
    known: Any = {}
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


def missing_and_damaged(root: Path, names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the missing names of each folder, and the damaged files; complete folders are omitted."""
    missing: dict[str, list[str]] = {folder: [] for folder in (*PER_IMAGE, 'semseg') if folder not in SEMSEG}
    damaged = []
    for name in names:
        for folder, suffix in PER_IMAGE.items():
            path = root / folder / f'{name}{suffix}'
            if path.is_file() and not is_readable(path, folder):
                damaged.append(f'{folder}/{path.name}')
            elif folder in missing and not path.is_file():
                missing[folder].append(name)
        if not any((root / folder / f'{name}.png').is_file() for folder in SEMSEG):
            missing['semseg'].append(name)
    return {folder: lacking for folder, lacking in missing.items() if lacking}, damaged


def is_readable(path: Path, folder: str) -> bool:
    """Return whether a file is complete and, for ``.mat`` files, has the format of its folder."""
    try:
        if path.suffix == '.mat':
            (read_objects if folder == 'human_parts' else read_label_map)(path)
    except DataError:
        return False
    return is_whole(path)


def assemble(root: Path, sources: dict[str, Path], *, partial: bool) -> None:
    """Copy missing files, list the objects and check every file; print what was copied and what is still missing.

    Args:
        root: The PASCALContext folder.
        sources: Name of a folder to fill -> folder to copy from.
        partial: Accept missing files.

    Raises:
        ConfigError: A key of ``sources`` is unknown.
        DataError: A file is damaged, or files are missing.
    """
    unknown = [folder for folder in sources if folder not in {**LISTS, **PER_IMAGE}]
    if unknown:
        raise ConfigError(f'--from {unknown[0]}: expected FOLDER=SRC with one of {", ".join({**LISTS, **PER_IMAGE})}')
    for folder, source in sources.items():
        existing(source, f'the source of {folder}')

    output = Output(root)
    copy_lists(output, sources)
    splits = {
        split: read_split(output.root / 'ImageSets' / 'Context' / f'{split}.txt') for split in PascalContext.COUNTS
    }
    names = [name for listed in splits.values() for name in listed]
    copy_images(output, sources, names)
    missing, damaged = missing_and_damaged(output.root, output.progress(names, 'check'))
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
    if not partial and (missing or not official):
        raise DataError(f'{output.root}: incomplete, see above; add the missing files, or accept a part with --partial')
