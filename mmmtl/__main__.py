"""``python -m mmmtl`` is the ``mmmtl`` command; also for ``torchrun -m mmmtl train ... --launcher pytorch``."""

from mmmtl.cli.main import main

if __name__ == '__main__':
    main()
