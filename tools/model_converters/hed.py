"""Alias of ``mmmtl convert-model hed``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'hed', *sys.argv[1:]])
