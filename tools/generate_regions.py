"""Cut images into regions: tools/generate_regions.py CONFIG --backend BACKEND --out DIR.

Alias of ``mmmtl regions``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('regions')
