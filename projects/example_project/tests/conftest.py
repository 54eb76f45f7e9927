"""Put the package on the path, as PYTHONPATH does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
