"""Detect data files that were swapped or altered by their checksums, even if they still load."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmmtl.errors import DataError
from mmmtl.files.atomic_path import write_text_file
from mmmtl.files.text_files import read_text


def content_digest(content: bytes) -> str:
    """Return the 16-byte BLAKE2b digest as 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, without reading the whole file into memory.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open('rb') as content:
        return hashlib.file_digest(content, 'sha256').hexdigest()


def json_digest(content: Any) -> str:
    """Return the 8-byte BLAKE2b digest of content that JSON can hold as 16 hexadecimal digits.

    The order of the keys does not matter.
    """
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8).hexdigest()


class Checksums:
    """Expected digests of files; files that are not listed are not checked.

    Two label files that were swapped are both valid, so their content alone does not reveal the error. Digests that
    were written while the data were correct do.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Path]] = {}  # absolute path -> (digest, manifest that lists it)

    def read(self, manifest: Path) -> None:
        """Add the entries of a manifest: JSON ``{path relative to the manifest's folder: digest}``.

        Raises:
            DataError: The manifest is missing or has a different format.
        """
        try:
            listed = json.loads(read_text(manifest))
            self.known |= {
                str(manifest.parent.absolute() / name): (str(value), manifest) for name, value in listed.items()
            }
        except FileNotFoundError:
            raise DataError(
                f'{manifest}: no such checksum file; write it with mmmtl check-data CONFIG --write-checksums FILE'
            ) from None
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(f'{manifest}: expected JSON {{file: digest}} ({error}); write the file again') from None

    def verify(self, path: Path) -> None:
        """Check a file against its digest, if it is listed.

        Raises:
            DataError: The content of the file has changed.
        """
        expected = self.known.get(str(path.absolute())) if self.known else None
        if expected and content_digest(path.read_bytes()) != expected[0]:
            raise DataError(
                f'{path}: does not match its checksum in {expected[1]}; restore the file, or write the checksums again '
                'if the change is intended'
            )


def write_checksums(manifest: Path, files: Iterable[Path]) -> int:
    """Write the digests of files below the manifest's folder, and return the number of files.

    Raises:
        DataError: A file lies outside of the folder, or the manifest cannot be written.
    """
    folder = manifest.parent.absolute()
    listed: dict[str, str] = {}
    try:
        for path in sorted({path.absolute() for path in files} - {manifest.absolute()}):
            listed[str(path.relative_to(folder))] = content_digest(path.read_bytes())
        write_text_file(manifest, as_json(listed))
    except ValueError:
        raise DataError(
            f'{manifest}: must lie in a folder above all files of the dataset, but {path} is not below {folder}'
        ) from None
    except OSError as error:
        raise DataError(f'{manifest}: cannot write the checksums ({error})') from None
    return len(listed)


def as_json(listed: Mapping[str, str]) -> str:
    """Format the entries of a manifest as text."""
    return json.dumps(listed, indent=0) + '\n'
