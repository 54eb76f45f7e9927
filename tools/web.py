"""Serve a web page with predictions: tools/web.py [--model MODEL] [--checkpoint FILE].

Alias of ``mmmtl web``.
"""

from mmmtl.cli.main import run_tool

if __name__ == '__main__':
    run_tool('web')
