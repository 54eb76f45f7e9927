"""Name the missing system package in one line if OpenCV cannot be loaded, and exit with 1."""

import sys

from mmmtl.cli.system_libraries import advice, missing_library

if __name__ == '__main__':
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        library = missing_library(error)
        if library is None:
            raise
        sys.exit(advice(library))
