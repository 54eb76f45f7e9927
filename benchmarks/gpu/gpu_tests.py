"""Run the tests that are marked gpu, and count them."""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from parent import end_with_parent

ROOT = Path(__file__).parents[2]
MARKED = re.compile(r'\bmark\.gpu\b')


def tests(dry_run: bool) -> dict:
    """Run all tests marked gpu; in a dry run, those of one file, which are skipped.

    Raises:
        ModuleNotFoundError: pytest, OpenCV, embreex or a package that the models need is missing.
        RuntimeError: A test failed, or none ran.
    """
    import cv2  # noqa: F401
    import embreex  # noqa: F401
    import pytest  # noqa: F401

    import mmmtl.apis  # noqa: F401

    files = sorted(str(path) for path in (ROOT / 'tests').rglob('test_*.py') if MARKED.search(path.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / 'report.xml'
        command = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', '-m', 'gpu', f'--junitxml={report}']
        done = subprocess.run(
            [*command, f'--basetemp={folder}/tests', *(files[:1] if dry_run else files)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'},
            preexec_fn=end_with_parent,
        )
        if not report.exists():
            raise RuntimeError(f'pytest ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}')
        cases = list(ElementTree.parse(report).iter('testcase'))
    states = {'failed': ('failure', 'error'), 'skipped': ('skipped',)}
    names = {
        state: [
            f'{case.get("classname")}::{case.get("name")}'
            for case in cases
            if any(case.find(t) is not None for t in tags)
        ]
        for state, tags in states.items()
    }
    passed = len(cases) - len(names['failed']) - len(names['skipped'])
    summary = f'{passed} passed, {len(names["failed"])} failed, {len(names["skipped"])} skipped'
    if names['failed'] or not (passed or dry_run) or done.returncode not in (0, 5):
        raise RuntimeError(f'{summary}: {", ".join(names["failed"])} {done.stdout[-1200:]}')
    return {'numbers': {'passed': passed, 'skipped': len(names['skipped'])}, 'message': summary}
