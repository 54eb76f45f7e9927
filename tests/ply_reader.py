"""A reader of PLY files of floats and bytes that relies only on their header."""

from pathlib import Path

import numpy as np


def read_ply(file: Path) -> tuple[list[str], np.ndarray]:
    """Return the lines of the header and the vertices."""
    header, _, data = file.read_bytes().partition(b'end_header\n')
    lines = header.decode('ascii').splitlines()
    kinds = {'float': '<f4', 'uchar': 'u1'}
    properties = [(words[2], kinds[words[1]]) for words in map(str.split, lines) if words[0] == 'property']
    return lines, np.frombuffer(data, np.dtype(properties))
