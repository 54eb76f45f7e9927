"""Alias of ``mmmtl convert-model mlore``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'mlore', *sys.argv[1:]])
