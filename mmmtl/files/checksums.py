"""What the files of a data set must hold: a file that was exchanged or altered and still loads is told by its bytes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.text_files import read_text


def digest(content: bytes) -> str:
    """32 hexadecimal digits of BLAKE2b."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class Checksums:
    """The digests of files; those that are not listed are not judged.

    Two files of the same kind that changed places cannot be told from the files themselves: each is a sound label, of
    another image. Written down while the data are right, their digests tell.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Path]] = {}  # absolute path -> digest, the manifest that says so

    def read(self, manifest: Path) -> None:
        """Add what a manifest lists: JSON ``{path relative to the manifest's folder: digest}``.

        Raises:
            DataError: No such manifest, or it holds something else.
        """
        try:
            listed = json.loads(read_text(manifest))
            self.known |= {
                str(manifest.parent.absolute() / name): (str(value), manifest) for name, value in listed.items()
            }
        except FileNotFoundError:
            raise DataError(
                f'{manifest}: no such list of checksums; write it with check_dataset.py CONFIG --write-checksums FILE'
            ) from None
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(f'{manifest}: expected JSON {{file: digest}} ({error}); write it again') from None

    def verify(self, path: Path) -> None:
        """Raise DataError if the file is listed and holds something else."""
        expected = self.known.get(str(path.absolute()))
        if expected and digest(path.read_bytes()) != expected[0]:
            raise DataError(
                f'{path}: not the file that {expected[1]} lists; restore it, or write the list again if '
                'the change is meant'
            )


def write_checksums(manifest: Path, files: Iterable[Path]) -> int:
    """List the files, which must lie below the manifest's folder; returns how many.

    Raises:
        DataError: A file lies elsewhere, or the manifest cannot be written.
    """
    folder = manifest.parent.absolute()
    listed: dict[str, str] = {}
    try:
        for path in sorted({path.absolute() for path in files} - {manifest.absolute()}):
            listed[str(path.relative_to(folder))] = digest(path.read_bytes())
        manifest.write_text(as_json(listed))
    except ValueError:
        raise DataError(
            f'{manifest}: must stand in a folder above all files of the data set, but {path} is not below {folder}'
        ) from None
    except OSError as error:
        raise DataError(f'{manifest}: cannot list the files ({error})') from None
    return len(listed)


def as_json(listed: Mapping[str, str]) -> str:
    """The text of a manifest."""
    return json.dumps(listed, indent=0) + '\n'
