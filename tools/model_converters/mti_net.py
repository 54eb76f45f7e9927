"""Alias of ``mmmtl convert-model mti-net``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'mti-net', *sys.argv[1:]])
