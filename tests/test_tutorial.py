"""The notebook of the tutorial: its cells run in an empty folder, and its links lead somewhere."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / 'docs' / 'tutorial.ipynb'
# runs the cells one after another, as a kernel does; the value of a last line is computed, not shown
KERNEL = """
import json, sys
for number, text in enumerate(json.load(sys.stdin)):
    exec(compile(text, f'cell {number}', 'exec'), globals())
"""


def cells(kind: str) -> list[dict]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == kind]


def code() -> list[str]:
    return [''.join(cell['source']) for cell in cells('code')]


def test_it_is_stored_with_results():
    for cell in cells('code'):
        ast.parse(''.join(cell['source']))
        assert not [output for output in cell['outputs'] if output['output_type'] == 'error']
    shown = [output for cell in cells('code') for output in cell['outputs']]
    assert len([output for output in shown if 'image/jpeg' in output.get('data', ())]) == 3
    assert '/tmp/' not in NOTEBOOK.read_text(encoding='utf-8')


def test_its_links_lead_somewhere():
    targets = re.findall(r'\]\(([^)]+)\)', '\n'.join(''.join(cell['source']) for cell in cells('markdown')))
    assert targets and all((NOTEBOOK.parent / target).is_file() for target in targets)


@pytest.mark.check
def test_its_cells_run(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', KERNEL],
        input=json.dumps(code()),
        cwd=tmp_path,
        env=os.environ | {'MMMTL_CACHE': str(tmp_path / 'cache')},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'semseg   (192, 256)' in done.stdout and re.search(r'semseg/mIoU +0\.\d+ -> 0\.\d+', done.stdout)
    assert '| loss | tutorial |' in done.stdout
    assert (tmp_path / 'sheets' / 'room.png.sheet.png').is_file() and list((tmp_path / 'sheets' / 'test').glob('*.png'))
    assert (tmp_path / 'work_dirs' / 'tutorial' / 'iter_10.pth').is_file()
