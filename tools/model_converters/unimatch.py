"""Alias of ``mmmtl convert-model unimatch``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'unimatch', *sys.argv[1:]])
