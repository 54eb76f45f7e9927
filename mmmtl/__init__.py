"""mmmtl: multi-task dense prediction on MMEngine."""

from mmmtl.installation import check_forks

check_forks()  # first: what follows imports MMEngine

import mmmtl.registry  # noqa: E402, F401  makes the scope 'mmmtl' known to MMEngine's registries

__version__ = '0.1.0'
