"""Alias of ``mmmtl convert-model hed-vgg16``."""

import sys

from mmmtl.cli.main import main

if __name__ == '__main__':
    main(['convert-model', 'hed-vgg16', *sys.argv[1:]])
