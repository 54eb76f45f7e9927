"""Says in one line which system package is missing when OpenCV cannot be loaded; exits 1 then."""

import re
import sys

# shared library -> the packages that carry it, on Debian and Ubuntu, on Fedora
PACKAGES = {
    'libGL.so.1': ('libgl1', 'mesa-libGL'),
    'libgthread-2.0.so.0': ('libglib2.0-0', 'glib2'),
    'libglib-2.0.so.0': ('libglib2.0-0', 'glib2'),
}


def missing_library() -> str | None:
    """The shared library that keeps cv2 from loading; any other failure to import is raised as it is."""
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        library = re.match(r'(lib\S+\.so\S*): cannot open shared object file', str(error))
        if library is None:
            raise
        return library.group(1)
    return None


def advice(library: str) -> str:
    """One line that names the library and, where we know it, the package."""
    needed = f'OpenCV needs the system library {library}'
    if library not in PACKAGES:
        return f'{needed}: install the package of your system that carries it.'
    debian, fedora = PACKAGES[library]
    return f'{needed}: install {debian} by apt-get (Debian, Ubuntu) or {fedora} by dnf (Fedora).'


if __name__ == '__main__':
    library = missing_library()
    if library is not None:
        sys.exit(advice(library))
