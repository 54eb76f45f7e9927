"""Alias of ``mmmtl convert-model mtpsl-mapping``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'mtpsl-mapping', *sys.argv[1:]])
