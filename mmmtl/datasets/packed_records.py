"""Records packed into one block of bytes: small to send to workers, and not copied in their memory.

A forked worker shares the memory of the main process until either writes to it, and reading a Python object writes its
reference count. A list of records would thus be copied to every worker over the first epochs. Here, all that differs
between records is stored in one block of bytes with offsets, and a record is built when it is accessed.
"""

import copyreg
import io
import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, overload

import numpy as np

from mmmtl.datasets.garbage_collection import paused_collection
from mmmtl.datasets.records import Record


class PackedRecords(Sequence[Record]):
    """A fixed sequence of records; each access builds a new, equal record.

    The paths, arrays, name and scene of a record are its values; the rest of its pickle is a template, which most
    records of a dataset share. Templates come from this process only, never from a file.

    Args:
        records: Records that can be pickled.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        records = list(records)
        ends = [records[0], records[-1]] if records else []
        parents = [str(record.views[0].image.parent) for record in ends if record.views]
        self.root = os.path.dirname(os.path.commonprefix(parents))
        values: list[bytes] = []
        templates: dict[bytes, int] = {}
        first_values, template_indices = [0], []
        with paused_collection():
            for record in records:
                template, record_values = _separate(record, self.root)
                template_indices.append(templates.setdefault(template, len(templates)))
                values += record_values
                first_values.append(len(values))
        self.values, self.value_ends = _join(values)
        self.templates, self.template_ends = _join(list(templates))
        self.first_values, self.template_indices = np.array(first_values), np.array(template_indices, np.int32)

    def __len__(self) -> int:
        return len(self.template_indices)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]  # negative indices, and IndexError
        template = self.template_indices[index]
        content = self.templates[self.template_ends[template] : self.template_ends[template + 1]]
        bounds = self.value_ends[self.first_values[index] : self.first_values[index + 1] + 1].tolist()
        values = [self.values[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]
        return _insert(content, values, self.root)


def _join(parts: Sequence[bytes]) -> tuple[bytes, np.ndarray]:
    """Return the joined parts, and the start of each followed by the end of the last."""
    return b''.join(parts), np.fromiter(accumulate(map(len, parts), initial=0), np.int64, len(parts) + 1)


def _separate(record: Record, root: str) -> tuple[bytes, list[bytes]]:
    """Return the template of a record, and its values."""
    values = [text.encode('utf-8', 'surrogateescape') for text in (record.name, record.scene)]

    def reduce_path(path: Path) -> tuple[Callable, tuple]:
        text = str(path)
        below = bool(root) and text.startswith(root)
        values.append(os.fsencode(text[len(root) :] if below else text))
        return _path, (len(values) - 1, below)

    def reduce_array(array: np.ndarray) -> tuple:
        if array.dtype.hasobject or array.dtype.names is not None:
            return tuple(array.__reduce_ex__(pickle.HIGHEST_PROTOCOL))
        values.append(array.tobytes())
        return _array, (len(values) - 1, array.dtype.str, array.shape)

    file = io.BytesIO()
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, type(Path()): reduce_path, np.ndarray: reduce_array}
    pickler.dump((type(record), {**vars(record), 'name': None, 'scene': None}))
    return file.getvalue(), values


def _insert(template: bytes, values: Sequence[bytes], root: str) -> Record:
    """Return the record of a template and values."""
    kind, attributes = _Unpickler(io.BytesIO(template), values, root).load()
    name, scene = (value.decode('utf-8', 'surrogateescape') for value in values[:2])
    record = kind.__new__(kind)
    record.__dict__.update(attributes, name=name, scene=scene)
    return record


class _Unpickler(pickle.Unpickler):
    """An unpickler that passes the values to `_path` and `_array`."""

    def __init__(self, file: io.BytesIO, values: Sequence[bytes], root: str) -> None:
        super().__init__(file)
        self.inserted = {'_path': partial(_path, values=values, root=root), '_array': partial(_array, values=values)}

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function by its name."""
        return self.inserted[name] if module == __name__ else super().find_class(module, name)


def _path(index: int, below: bool, values: Sequence[bytes] = (), root: str = '') -> Path:
    text = os.fsdecode(values[index])
    return Path(root + text if below else text)


def _array(index: int, dtype: str, shape: tuple[int, ...], values: Sequence[bytes] = ()) -> np.ndarray:
    return np.frombuffer(values[index], dtype).reshape(shape).copy()
