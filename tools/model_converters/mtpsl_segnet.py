"""Alias of ``mmmtl convert-model mtpsl-segnet``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'mtpsl-segnet', *sys.argv[1:]])
