"""Alias of ``mmmtl convert-model pad-net``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'pad-net', *sys.argv[1:]])
