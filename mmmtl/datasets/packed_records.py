"""Records as a block of bytes: small to send to workers, and flat in their memory.

A forked worker shares the memory of the main process until either writes to it, and reading a Python object writes its
reference count. A list of records would thus be copied to every worker over the first epochs. Here, all that differs
between records is one block of bytes and its offsets, and a record is built when it is read.
"""

import io
import os
import pickle
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, overload

import numpy as np

from mmmtl.datasets.records import Record

PATH = type(Path())


class PackedRecords(Sequence[Record]):
    """A fixed sequence of records; each access builds a new, equal record.

    The paths, arrays, name and scene of a record are its values; the rest of its pickle is a template, which most
    records of a data set share. Templates come from this process only, never from a file.

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
        firsts, chosen = [0], []
        for record in records:
            pickler = _RecordPickler(record, self.root)
            chosen.append(templates.setdefault(pickler.template(), len(templates)))
            values += pickler.values
            firsts.append(len(values))
        self.values, self.value_ends = _join(values)
        self.templates, self.template_ends = _join(list(templates))
        self.firsts, self.chosen = np.array(firsts), np.array(chosen, np.int32)

    def __len__(self) -> int:
        return len(self.chosen)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]  # negative indices, and IndexError
        template = self.chosen[index]
        content = self.templates[self.template_ends[template] : self.template_ends[template + 1]]
        bounds = self.value_ends[self.firsts[index] : self.firsts[index + 1] + 1].tolist()
        values = [self.values[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]
        return _RecordUnpickler(content, values, self.root).load()


def _join(parts: Sequence[bytes]) -> tuple[bytes, np.ndarray]:
    """Return the joined parts, and the start of each followed by the end of the last."""
    return b''.join(parts), np.fromiter(accumulate(map(len, parts), initial=0), np.int64, len(parts) + 1)


class _RecordPickler(pickle.Pickler):
    """Separate a record into a template and values; an object that occurs twice is one value."""

    def __init__(self, record: Record, root: str) -> None:
        self.file = io.BytesIO()
        super().__init__(self.file, pickle.HIGHEST_PROTOCOL)
        self.record, self.root = record, root
        self.values: list[bytes] = []
        self.found: dict[int, tuple[tuple, Any]] = {}  # id of a value: key and value, which keeps the id in use

    def template(self) -> bytes:
        """Return the pickle of the record without its values."""
        self.dump(self.record)
        return self.file.getvalue()

    def persistent_id(self, item: Any) -> tuple | None:
        """Return the kind and the position of a value; None for other objects."""
        if id(item) in self.found:
            return self.found[id(item)][0]
        kind: tuple
        if item is self.record.name or item is self.record.scene:
            value, kind = item.encode('utf-8', 'surrogateescape'), ('text',)
        elif type(item) is PATH:
            text = str(item)
            below = bool(self.root) and text.startswith(self.root)
            value, kind = os.fsencode(text[len(self.root) :] if below else text), ('below' if below else 'path',)
        elif type(item) is np.ndarray and not item.dtype.hasobject and item.dtype.names is None:
            value, kind = item.tobytes(), ('array', item.dtype.str, item.shape)
        else:
            return None
        key = (len(self.values), *kind)
        self.found[id(item)] = key, item
        self.values.append(value)
        return key


class _RecordUnpickler(pickle.Unpickler):
    """Insert values into a template."""

    def __init__(self, template: bytes, values: Sequence[bytes], root: str) -> None:
        super().__init__(io.BytesIO(template))
        self.values, self.root = values, root
        self.built: dict[int, Any] = {}

    def persistent_load(self, key: Any) -> Any:
        """Return the value at a position."""
        position, kind, *form = key
        if position not in self.built:
            self.built[position] = self._build(self.values[position], kind, form)
        return self.built[position]

    def _build(self, value: bytes, kind: str, form: Sequence) -> Any:
        if kind == 'text':
            return value.decode('utf-8', 'surrogateescape')
        if kind == 'array':
            return np.frombuffer(value, form[0]).reshape(form[1]).copy()
        return Path(self.root + os.fsdecode(value)) if kind == 'below' else Path(os.fsdecode(value))
