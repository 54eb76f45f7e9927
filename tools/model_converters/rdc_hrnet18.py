"""Alias of ``mmmtl convert-model rdc-hrnet18``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'rdc-hrnet18', *sys.argv[1:]])
