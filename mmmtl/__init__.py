"""mmmtl: multi-task dense prediction on MMEngine."""

import mmmtl.registry  # noqa: F401  makes the scope 'mmmtl' known to MMEngine's registries

__version__ = '0.1.0'
