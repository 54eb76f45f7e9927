"""Convert CamVid, as published by the authors of SegNet, to the folders that `CamVid` reads.

``mmmtl convert-dataset camvid --help`` describes the source and the result.
"""

from pathlib import Path

from mmmtl.dataset_converters.unpacking import jpeg, shrink, subsample_label
from mmmtl.datasets.benchmarks.camvid import COUNTS, VOID
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output, existing
from mmmtl.files.reading import read_image, read_indices, read_size
from mmmtl.files.required_files import visible_files


def convert_camvid(source: Path, output: Output, size: tuple[int, int]) -> None:
    """Convert all splits that exist below ``source`` to JPEG images and label maps of a size (H, W).

    Raises:
        DataError: A label map is missing, differs in size from its image, or contains other classes; or an image was
            written before with a different size.
    """
    for split in [split for split in COUNTS if (source / split).is_dir()]:
        images = visible_files(source / split, '*.png')
        for path in output.progress(images, split):
            names = f'{split}/{path.stem}.jpg', f'{split}/{path.stem}.png'
            if output.has(*names):
                if read_size(output.root / names[0]) != size:
                    raise DataError(
                        f'{output.root / names[0]}: expected {size[0]} x {size[1]} pixels, found a different size; '
                        'choose another DST, or delete the files'
                    )
                continue
            annotated = existing(source / f'{split}annot' / path.name, 'the label map of an image')
            image, label = read_image(path), read_indices(annotated)
            if label.shape != image.shape[:2] or label.dtype.kind != 'u' or label.max() > VOID:
                raise DataError(
                    f'{annotated}: expected {image.shape[:2]} classes 0..{VOID}, '
                    f'found {label.shape} {label.dtype} up to {label.max()}; download it again'
                )
            output.write(names[0], jpeg(shrink(image, size)))
            output.write(names[1], subsample_label(label, size))
        print(f'{split}: {len(images)} of {COUNTS[split]} images')
