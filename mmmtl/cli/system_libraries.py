"""System libraries that OpenCV needs, and the packages that contain them."""

import re

# shared library -> the packages that carry it, on Debian and Ubuntu, on Fedora
PACKAGES = {
    'libGL.so.1': ('libgl1', 'mesa-libGL'),
    'libgthread-2.0.so.0': ('libglib2.0-0', 'glib2'),
    'libglib-2.0.so.0': ('libglib2.0-0', 'glib2'),
}


def missing_library(error: ImportError) -> str | None:
    """Return the shared library whose absence caused an error; None if it has another cause."""
    match = re.match(r'(lib\S+\.so\S*): cannot open shared object file', str(error))
    return match.group(1) if match else None


def advice(library: str) -> str:
    """Return one line that names a missing library and, if known, the package to install."""
    needed = f'OpenCV needs the system library {library}'
    if library not in PACKAGES:
        return f'{needed}: install the package of your system that carries it.'
    debian, fedora = PACKAGES[library]
    return f'{needed}: install {debian} with apt-get (Debian, Ubuntu) or {fedora} with dnf (Fedora).'
