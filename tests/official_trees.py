"""Miniature datasets in the layout and file formats of the official ones, with known content."""

import json
from pathlib import Path

import h5py
import numpy as np
import scipy.io
from PIL import Image

NYU_NAMES = ('book', 'bottle', 'wall', 'floor', 'bed', 'desk')  # raw classes of the miniature nyu_depth_v2_labeled.mat
CONTEXT = {'wall': 10, 'floor': 11, 'person': 12, 'sky': 13, 'tvmonitor': 14, 'unknown': 15, 'table': 16}
PASCAL_SIZE = (40, 56)


def unit_vectors(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) directions that face the camera."""
    vectors = rng.normal(size=(*size, 3))
    vectors[..., 2] = -1 - np.abs(vectors[..., 2])
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def as_image(vectors: np.ndarray) -> np.ndarray:
    """Normals as they are kept in PNG files."""
    return np.round(127.5 * (vectors + 1)).astype(np.uint8)


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npy':
        np.save(path, array)
    else:
        Image.fromarray(array).save(path)


def write_nyuv2_mtan(root: Path, count: int = 2, size: tuple[int, int] = (288, 384)) -> Path:
    """MTAN's npy files; the first row is unlabelled in every task."""
    for split in ('train', 'val'):
        for number in range(count):
            rng = np.random.default_rng([number, split == 'val'])
            label = rng.integers(0, 13, size).astype(np.float32)
            depth = rng.uniform(0.5, 9, (*size, 1)).astype(np.float32)
            normal = unit_vectors(rng, size)
            label[0], depth[0], normal[0] = -1, 0, 0
            image = rng.random((*size, 3)).astype(np.float32)
            arrays = {'image': image, 'label': label, 'depth': depth, 'normal': normal}
            for name, array in arrays.items():
                save(root / split / name / f'{number}.npy', array)
    return root


def write_nyud_sak(root: Path, count: int = 2, size: tuple[int, int] = (425, 560)) -> Path:
    """SAK's PNG and npy files; the first row is unlabelled in all but the edges."""
    for split, first in (('train', 1), ('val', 1001)):
        names = [f'{number:04d}' for number in range(first, first + count)]
        for name in names:
            rng = np.random.default_rng(int(name))
            segmentation = np.kron(rng.integers(1, 41, (17, 20)), np.ones((25, 28)))[: size[0], : size[1]]
            segmentation = segmentation.astype(np.uint8)
            depth = rng.uniform(0.5, 9, size).astype(np.float32)
            normals = as_image(unit_vectors(rng, size))
            segmentation[0], depth[0], normals[0] = 0, 0, 128
            save(root / 'images' / f'{name}.png', rng.integers(0, 256, (*size, 3), np.uint8))
            save(root / 'segmentation' / f'{name}.png', segmentation)
            save(root / 'depth' / f'{name}.npy', depth)
            save(root / 'normals' / f'{name}.png', normals)
            save(root / 'edge' / f'{name}.png', (rng.random(size) < 0.05).astype(np.uint8) * 255)
        (root / 'gt_sets').mkdir(exist_ok=True)
        (root / 'gt_sets' / f'{split}.txt').write_text('\n'.join(names) + '\n')
    return root


def write_pascal(root: Path, count: int = 2) -> Path:
    """The five-task tree. The image `*_1` of each split has no semseg of VOC12 and no person."""
    for split in ('train', 'val'):
        names = [f'2008_{split}_{number}' for number in range(count)]
        for number, name in enumerate(names):
            rng = np.random.default_rng([number, split == 'val'])
            save(root / 'JPEGImages' / f'{name}.jpg', rng.integers(0, 256, (*PASCAL_SIZE, 3), np.uint8))
            semseg = rng.integers(0, 21, PASCAL_SIZE).astype(np.uint8)
            semseg[0] = 255
            if number == 0:
                save(root / 'semseg' / 'VOC12' / f'{name}.png', semseg)
            save(root / 'semseg' / 'pascal-context' / f'{name}.png', semseg * np.uint8(number > 0))
            save(root / 'sal_distill' / f'{name}.png', rng.integers(0, 256, PASCAL_SIZE).astype(np.uint8))
            save(root / 'normals_distill' / f'{name}.png', as_image(unit_vectors(rng, PASCAL_SIZE)))
            write_mat(root / 'pascal-context' / 'trainval' / f'{name}.mat', LabelMap=context_map())
            write_parts(root / 'human_parts' / f'{name}.mat', [person()] if number == 0 else [thing('dog', 12, {})])
        lists = root / 'ImageSets' / 'Context' / f'{split}.txt'
        lists.parent.mkdir(parents=True, exist_ok=True)
        lists.write_text('\n'.join(names) + '\n')
    (root / 'json').mkdir(exist_ok=True)
    (root / 'json' / 'nyu_classes.json').write_text(json.dumps(['wall', 'floor', 'unknown', 'pillow']))
    (root / 'json' / 'context_classes.json').write_text(json.dumps(CONTEXT))
    return root


def context_map() -> np.ndarray:
    """Seven upright stripes, one per class of `CONTEXT`."""
    stripe = np.arange(PASCAL_SIZE[1]) * len(CONTEXT) // PASCAL_SIZE[1]
    return np.array(list(CONTEXT.values()), np.uint16)[stripe][None].repeat(PASCAL_SIZE[0], 0)


def person() -> dict:
    """A person with a head, a left eye painted over part of it, a torso and a left foot; each fills a range of rows."""
    rows = {'head': (0, 10), 'leye': (2, 4), 'torso': (10, 20), 'lfoot': (30, 35)}
    return thing('person', 15, {name: (slice(*span), slice(20, 30)) for name, span in rows.items()})


def thing(name: str, number: int, parts: dict[str, tuple[slice, slice]]) -> dict:
    """An annotated object as PASCAL-Part has it."""

    def mask(*windows: tuple[slice, slice]) -> np.ndarray:
        filled = np.zeros(PASCAL_SIZE, np.uint8)
        for window in windows:
            filled[window] = 1
        return filled

    whole = mask(*parts.values(), np.s_[0:1, 0:1])
    return {
        'class': name,
        'class_ind': number,
        'mask': whole,
        'parts': [{'part_name': part, 'mask': mask(window)} for part, window in parts.items()],
    }


def write_parts(path: Path, objects: list[dict]) -> None:
    """MATLAB's struct arrays: anno.objects(i).parts(j)."""
    for one in objects:
        one['parts'] = struct_array(one['parts'])
    write_mat(path, anno={'imname': path.stem, 'objects': struct_array(objects)})


def struct_array(structs: list[dict]) -> np.ndarray:
    """A 1 x n struct array, 0 x 0 where there is none."""
    if not structs:
        return np.zeros((0, 0))
    array = np.empty((1, len(structs)), dtype=[(name, object) for name in structs[0]])
    for number, one in enumerate(structs):
        array[0, number] = tuple(one.values())
    return array


def write_mat(path: Path, **variables) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, variables, do_compression=True)


def write_nyu_mat(folder: Path, count: int = 3) -> dict[str, Path]:
    """nyu_depth_v2_labeled.mat (version 7.3: column-major arrays, names behind references), splits, class mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:480, :640]
    labels = np.stack([(rows // 60 + columns // 80 + frame) % (len(NYU_NAMES) + 1) for frame in range(count)])
    depths = np.stack([2 + frame + columns / 640 for frame in range(count)])
    paths = {
        name: folder / file
        for name, file in (
            ('src', 'nyu_depth_v2_labeled.mat'),
            ('splits', 'splits.mat'),
            ('classes40', 'classMapping40.mat'),
        )
    }
    write_nyu_arrays(paths['src'], rng.integers(0, 256, (count, 480, 640, 3)), depths, labels, NYU_NAMES)
    write_mat(
        paths['splits'],
        trainNdxs=np.arange(2, count + 1, dtype=np.uint16)[:, None],
        testNdxs=np.ones((1, 1), np.uint16),
    )
    names = np.array(['book', 'unheard of', *NYU_NAMES[:0:-1]], object)[None]  # in a different order
    write_mat(
        paths['classes40'],
        allClassName=names,
        mapClass=np.array([[23, 40, 14, 4, 2, 1, 40]], np.uint8),
        className=np.array([f'class{number}' for number in range(40)], object)[None],
    )
    return paths


def write_nyu_arrays(
    path: Path, images: np.ndarray, depths: np.ndarray, labels: np.ndarray, names: tuple[str, ...]
) -> None:
    """Frames (N, H, W, ...) as MATLAB writes them: axes reversed, 512 bytes of its own before the HDF5 part."""
    with h5py.File(path, 'w', userblock_size=512) as file:
        file['images'] = images.transpose(0, 3, 2, 1).astype(np.uint8)
        file['depths'] = depths.transpose(0, 2, 1).astype(np.float32)
        file['labels'] = labels.transpose(0, 2, 1).astype(np.uint16)
        file['instances'] = (labels > 0).transpose(0, 2, 1).astype(np.uint8)
        cells = file.create_dataset('names', (1, len(names)), h5py.ref_dtype)
        for number, name in enumerate(names):
            file[f'#refs#/{number}'] = np.array([[ord(letter)] for letter in name], np.uint16)
            cells[0, number] = file[f'#refs#/{number}'].ref
