"""Ways to damage one file of a dataset; each returns None once the file is written, or 'cannot'."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from mmmtl.files.reading import read_array

OUT_OF_RANGE = {'image': 300, 'semseg': 77, 'depth': -3, 'normal': 5}


def cut(dataset, kind, path, rng):
    content = path.read_bytes()
    path.write_bytes(content[: rng.integers(len(content))])


def flip_a_byte(dataset, kind, path, rng):
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= rng.integers(1, 256)
    path.write_bytes(content)


def exchange_samples(dataset, kind, path, rng):
    exchange(path, rng.choice([other for other in dataset.files[kind] if other != path]))


def exchange_tasks(dataset, kind, path, rng):
    index = dataset.files[kind].index(path)
    others = [
        paths[index] for name, paths in dataset.files.items() if name != kind and len(paths) == len(dataset.files[kind])
    ]
    return exchange(path, rng.choice(others)) if others else 'cannot'


def exchange(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def rewrite(path: Path, kind: str, change: Callable[[np.ndarray], np.ndarray]) -> str | None:
    """Write a changed array in the file's own format; some formats cannot hold some arrays."""
    if path.suffix in ('.json', '.txt'):
        return 'cannot'
    try:
        array = change(read_array(path))
        if path.suffix == '.npy':
            np.save(path, array)
        elif path.suffix == '.npz':
            np.savez_compressed(path, values=array)
        else:
            Image.fromarray(array).save(path)
    except (TypeError, ValueError, OSError, OverflowError):
        return 'cannot'


def other_dtype(dataset, kind, path, rng):
    return rewrite(
        path,
        kind,
        lambda array: array.astype(
            rng.choice(['uint8', 'uint16', 'int32', 'float16', 'float64', 'complex64', 'bool', 'U4'])
        ),
    )


def not_a_number(dataset, kind, path, rng):
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[tuple(rng.integers(array.shape[:2]))] = rng.choice([np.nan, np.inf, -np.inf])
        return array

    if path.suffix == '.txt':
        words = path.read_text().split(' ')
        words[rng.integers(len(words) - 1)] = 'nan'
        path.write_text(' '.join(words))
        return None
    return rewrite(path, kind, change) if path.suffix in ('.npy', '.npz') else 'cannot'


def out_of_range(dataset, kind, path, rng):
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[tuple(rng.integers(array.shape[:2]))] = OUT_OF_RANGE[kind]  # OverflowError where the file cannot hold it
        return array

    return rewrite(path, kind, change)


def other_size(dataset, kind, path, rng):
    ways = [
        lambda a: a[:-1],
        lambda a: a[:, 1:],
        lambda a: a.swapaxes(0, 1),
        lambda a: a[::2, ::2],
        lambda a: a[:0],
        lambda a: np.concatenate([a, a]),
        lambda a: a[None],
        lambda a: a.ravel(),
    ]
    return rewrite(path, kind, lambda array: np.ascontiguousarray(ways[rng.integers(len(ways))](array)))


DAMAGE = (cut, flip_a_byte, exchange_samples, exchange_tasks, other_dtype, not_a_number, out_of_range, other_size)


@contextmanager
def damaged(dataset, how: Callable, rng: np.random.Generator) -> Iterator[str | None]:
    """Damage a random file within the context; yield its kind, or None if this damage does not apply to the file."""
    before = {path: path.read_bytes() for paths in dataset.files.values() for path in paths}
    kind = str(rng.choice(list(dataset.files)))
    try:
        done = how(dataset, kind, rng.choice(dataset.files[kind]), rng) != 'cannot'
        yield kind if done and any(path.read_bytes() != content for path, content in before.items()) else None
    finally:
        for path, content in before.items():
            path.write_bytes(content)
