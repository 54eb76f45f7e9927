"""Read split files of KITTI's raw data, such as those of Eigen et al."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.text_files import read_lines

DRIVE = re.compile(
    r'(?:\S*/)?(?P<date>\d{4}_\d\d_\d\d)/(?P<drive>(?P=date)_drive_\d{4}_sync)'
    r'(?:/image_(?P<camera>0[23])/data/(?P<frame>\d{10})\.(?:png|jpg))?'
)
SIDES = {'l': '02', 'r': '03'}


@dataclass(frozen=True)
class Frame:
    """One entry of a split file."""

    date: str
    drive: str
    camera: str  # '02', the left colour camera, or '03'
    frame: str  # ten digits

    @property
    def name(self) -> str:
        """Return ``DRIVE/CAMERA/FRAME``, the name of the record."""
        return f'{self.drive}/{self.camera}/{self.frame}'


def read_frames(path: Path) -> list[Frame]:
    """Read the frames of a split file, in its order.

    Raises:
        DataError: The file is missing, or a line has neither of the two formats.
    """
    try:
        lines = read_lines(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of frames ({error}); restore it') from None
    return [_parse_frame(line.split(), path, number) for number, line in lines.items()]


def _parse_frame(words: Sequence[str], path: Path, number: int) -> Frame:
    """Parse one line of a split file."""
    match = DRIVE.fullmatch(words[0])
    if match and match['frame']:
        return Frame(match['date'], match['drive'], match['camera'], match['frame'])
    if match and len(words) == 3 and words[1].isdecimal() and words[2] in SIDES:
        return Frame(match['date'], match['drive'], SIDES[words[2]], f'{int(words[1]):010d}')
    raise DataError(
        f"{path}, line {number}: expected 'DATE/DRIVE/image_02/data/FRAME.png' or 'DATE/DRIVE FRAME l', "
        f'found {" ".join(words)!r}'
    )
