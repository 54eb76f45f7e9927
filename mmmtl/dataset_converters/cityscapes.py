"""Unpack the zip archives of Cityscapes, check them, and write the arrays of MTAN with 7 classes.

``mmmtl convert-dataset cityscapes --help`` describes the source and the result.
"""

import re
from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.unpacking import shrink
from mmmtl.datasets.benchmarks.cityscapes import COUNTS
from mmmtl.datasets.benchmarks.cityscapes_classes import CATEGORY_OF_ID
from mmmtl.datasets.label_readers.class_files import ClassIndexFile
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output
from mmmtl.files.reading import read_array, read_image
from mmmtl.files.required_files import visible_files
from mmmtl.tasks import SemSeg

KINDS = {
    'leftImg8bit': 'leftImg8bit.png',
    'rightImg8bit': 'rightImg8bit.png',
    'gtFine': 'gtFine_labelIds.png',
    'disparity': 'disparity.png',
    'camera': 'camera.json',
}
SIZE = (128, 256)
MEMBER = re.compile(rf'(?:.*/)?(({"|".join(KINDS)})/(?:train|val)/(\w+)/\3_\d{{6}}_\d{{6}}_(\w+\.\w+))')


def cityscapes_path(member: str) -> str | None:
    """Return the path of an archive member below the data root; None if it is not read (test images, polygons)."""
    match = MEMBER.fullmatch(member)
    return match[1] if match and match[4] == KINDS[match[2]] else None


def image_names(root: Path, split: str, kind: str) -> list[str]:
    """Return the sorted names of the images that have a file of a kind, such as ``'aachen/aachen_000000_000019'``."""
    return sorted(
        f'{path.parent.name}/{path.name.removesuffix(f"_{KINDS[kind]}")}'
        for path in visible_files(root / kind / split, f'*/*_{KINDS[kind]}')
    )


def check_tree(root: Path) -> None:
    """Check that no image or label is missing, and print the number of files of each kind.

    Raises:
        DataError: Images are missing, or a kind, counted over both splits, exists for some of the images only.
    """
    names = {(kind, split): image_names(root, split, kind) for split in COUNTS for kind in KINDS}
    present = {kind for (kind, _), found in names.items() if found}
    wrong = []
    for split, count in COUNTS.items():
        images = names['leftImg8bit', split]
        if len(images) != count:
            wrong.append(f'leftImg8bit/{split} has {len(images)} of {count} images')
        for kind in KINDS:
            print(f'{root / kind / split}: {len(names[kind, split])} of {count}')
            missing = set(images) - set(names[kind, split])
            if kind in present and missing:
                wrong.append(f'{kind}/{split} lacks {len(missing)}, the first is {min(missing)}')
    if wrong:
        raise DataError(f'{root}: {"; ".join(wrong)}; unpack the archives again')


def write_cityscapes_mtan(root: Path, output: Output) -> None:
    """Write the arrays of MTAN for both splits, float32 at 128 x 256.

    ``image`` (128, 256, 3) is RGB in [0, 1], ``label_7`` (128, 256) the index of the category or -1 for void, and
    ``depth`` (128, 256, 1), as MTAN calls it, the stored 16-bit disparity / 65535. Line i of ``names.txt`` is the name
    of the image ``i.npy``, counted from 0.

    Args:
        root: Root of the official files.
        output: Folder to fill: ``{split}/{image,label_7,depth}/{number}.npy`` and ``{split}/names.txt``.

    Raises:
        DataError: A file is missing or damaged, or image, labels and disparity differ in size.
    """
    task = SemSeg('semseg', classes=[str(number) for number in range(7)])  # no names are needed to read the files
    for split in COUNTS:
        images = image_names(root, split, 'leftImg8bit')
        for number, name in enumerate(output.progress(images, split)):
            targets = {kind: f'{split}/{kind}/{number}.npy' for kind in ('image', 'label_7', 'depth')}
            if output.has(*targets.values()):
                continue
            image = read_image(root / 'leftImg8bit' / split / f'{name}_{KINDS["leftImg8bit"]}')
            classes = ClassIndexFile(root / 'gtFine' / split / f'{name}_{KINDS["gtFine"]}', CATEGORY_OF_ID).load(task)
            disparity = read_array(root / 'disparity' / split / f'{name}_{KINDS["disparity"]}')
            if not image.shape[:2] == classes.shape == disparity.shape:
                raise DataError(
                    f'{root}: image, labels and disparity of {name} have different sizes; unpack the archives again'
                )
            output.write(targets['image'], shrink(image, SIZE).astype(np.float32) / 255)
            output.write(targets['label_7'], _nearest(np.where(classes == task.void, -1, classes)).astype(np.float32))
            output.write(targets['depth'], (_nearest(disparity) / np.float32(65535))[..., None])
        output.write(f'{split}/names.txt', images)


def _nearest(values: np.ndarray) -> np.ndarray:
    """Resize a map (H, W) to 128 x 256 with nearest-neighbour interpolation at the pixel centres."""
    rows, columns = ((np.arange(new) + 0.5) * old // new for new, old in zip(SIZE, values.shape, strict=True))
    return values[np.ix_(rows.astype(int), columns.astype(int))]
