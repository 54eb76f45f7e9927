"""Miniature datasets of photographs in their official layouts, with images of different sizes where allowed."""

from pathlib import Path

import numpy as np
import scipy.io
from official_trees import save


def sizes(rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Random (H, W); the second is the first one turned, the third is the first one again."""
    first, *others = (tuple(map(int, size)) for size in rng.integers(33, 72, (count, 2)))
    return [first, first[::-1], first, *others][:count]


def blocks(rng: np.random.Generator, size: tuple[int, int], values: int, void: int | None = None) -> np.ndarray:
    """A label map (H, W) uint8 of blocks of 8 x 8 pixels; its first row is void."""
    label = np.kron(rng.integers(0, values, (9, 9)), np.ones((8, 8)))[: size[0], : size[1]].astype(np.uint8)
    if void is not None:
        label[0] = void
    return label


def photograph(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8: smooth colours and noise."""
    rows, columns = np.mgrid[: size[0], : size[1]] / 12
    waves = np.sin(rows[..., None] * rng.random(3) * 2 + columns[..., None] * rng.random(3) * 2)
    return (127 + 80 * waves + rng.normal(0, 15, (*size, 3))).clip(0, 255).astype(np.uint8)


def outlines(label: np.ndarray) -> np.ndarray:
    """1 where a label map changes to the right or below, uint8."""
    changes = np.zeros(label.shape, np.uint8)
    changes[:, :-1] |= label[:, :-1] != label[:, 1:]
    changes[:-1] |= label[:-1] != label[1:]
    return changes


def write_cihp(root: Path, seed: int, count: int = 5) -> Path:
    rng = np.random.default_rng(seed)
    for number, size in enumerate(sizes(rng, count)):
        label = blocks(rng, size, 20)
        save(root / 'images' / f'{number}.jpg', photograph(rng, size))
        save(root / 'labels' / f'{number}.png', label)
        save(root / 'edges' / f'{number}.png', outlines(label))
    return root


def write_bsds500_fractions(root: Path, seed: int, count: int = 5) -> Path:
    rng = np.random.default_rng(seed)
    for number, size in enumerate(sizes(rng, count)):
        save(root / 'val' / f'{number}.jpg', photograph(rng, size))
        save(root / 'val' / f'{number}.png', outlines(blocks(rng, size, 4)) * np.uint8(153))
    return root


def write_bsds500(root: Path, seed: int, count: int = 4) -> Path:
    rng = np.random.default_rng(seed)
    for folder in ('images', 'groundTruth'):
        (root / folder / 'val').mkdir(parents=True)
    for number, size in enumerate(sizes(rng, count)):
        save(root / 'images' / 'val' / f'{number}.jpg', photograph(rng, size))
        cell = np.empty((1, 3), object)
        for annotator in range(3):
            label = blocks(rng, size, 3)
            cell[0, annotator] = {'Segmentation': label.astype(np.uint16), 'Boundaries': outlines(label)}
        scipy.io.savemat(root / 'groundTruth' / 'val' / f'{number}.mat', {'groundTruth': cell})
    return root


def write_camvid(root: Path, seed: int, count: int = 4) -> Path:
    rng = np.random.default_rng(seed)
    for number, size in enumerate(sizes(rng, count)):
        save(root / 'val' / f'{number}.jpg', photograph(rng, size))
        save(root / 'val' / f'{number}.png', blocks(rng, size, 11, void=11))
    return root


def write_kitti_semantics(root: Path, seed: int, count: int = 4) -> Path:
    rng = np.random.default_rng(seed)
    for number, size in enumerate(sizes(rng, count)):
        name = f'{5 * number:06d}_10.png'
        save(root / 'training' / 'image_2' / name, photograph(rng, size))
        save(root / 'training' / 'semantic' / name, blocks(rng, size, 34))
    return root


def write_two_view(root: Path, seed: int, count: int = 4) -> Path:
    """Posed pairs in front of a wavy wall; a pair is of one size, others are of others."""
    rng = np.random.default_rng(seed)
    for number, size in enumerate(sizes(rng, count)):
        folder, (height, width) = root / f'rgbd_0005{number}', size
        rows, columns = np.mgrid[:height, :width]
        for view in (0, 1):
            depth = (2000 + 200 * np.sin(rows / 9) + 150 * np.cos(columns / 7 + view)).astype(np.uint16)
            depth[:6, :6] = 0
            save(folder / f'{view}.jpg', photograph(rng, size))
            save(folder / f'{view}.png', depth)
        np.savetxt(folder / 'cam.txt', [[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]])
        np.savetxt(folder / 'poses.txt', [np.hstack([np.eye(3), [[-0.1 * view], [0], [0]]]).ravel() for view in (0, 1)])
    return root
