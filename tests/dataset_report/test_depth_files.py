"""Marks of missing depth that are learnt as distances are named; clean depth is not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.dataset_report.depth_files import DepthFacts, depth_facts, depth_findings, describe_depths
from mmmtl.datasets import LabelFile
from mmmtl.tasks import Depth

TASK = Depth('depth', max_depth=10)
SIZE = (20, 30)


def metres(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1, 5, SIZE)


def facts_of(folder: Path, mark: float | None, suffix: str, files: int = 2, **options) -> list[DepthFacts]:
    """Files of which a fiftieth holds the mark, in millimetres where they are pictures."""
    found = []
    for number in range(files):
        values = metres(number)
        if mark is not None:
            values[:2, :6] = mark
        path = folder / f'{number}{suffix}'
        if suffix == '.npy':
            np.save(path, values.astype(np.float32))
        else:
            Image.fromarray((values * 1000).round().astype(np.uint16)).save(path)
            options = dict(scale=1e-3) | options
        found.append(depth_facts(path, TASK, LabelFile(path, **options).load(TASK)))
    return found


def named(facts: list[DepthFacts]) -> list[str]:
    for text, paths in depth_findings('depth', facts):
        assert paths
        yield text


def test_clean_depth_passes(tmp_path):
    for suffix in ('.npy', '.png'):
        facts = facts_of(tmp_path, None, suffix, files=4)
        assert not list(named(facts)) and not list(describe_depths(TASK, facts))


@pytest.mark.parametrize('files', [1, 3])
@pytest.mark.parametrize('mark', [10000.0, 1e9, 80.0, 65.535])
def test_a_largest_depth_that_many_pixels_share(tmp_path, mark, files):
    (text,) = named(facts_of(tmp_path, mark, '.npy', files))
    assert f'{np.float32(mark):.6g} m is the largest depth of {files} files, and 2 % of their known pixels' in text
    assert not list(named(facts_of(tmp_path, mark, '.npy', files, void=np.float32(mark).item())))
    assert not list(named(facts_of(tmp_path, mark, '.npy', files, valid_range=(0, 50))))


def test_the_largest_number_of_the_file(tmp_path):
    learnt = facts_of(tmp_path, 65.535, '.png', void=0)
    (text,) = named(learnt)
    assert '65535, the largest number of 16 bits, is learnt as 65.54 m in 2 files (2 %' in text
    missing = facts_of(tmp_path, 65.535, '.png', void=(0, 65535))
    assert not list(named(missing))
    assert list(describe_depths(TASK, missing)) == [
        '24 pixels hold 65535, the largest number of 16 bits: taken as missing'
    ]


def test_depth_beyond_the_cap_is_counted(tmp_path):
    np.save(tmp_path / 'd.npy', np.linspace(1, 20, 200, dtype=np.float32).reshape(10, 20))
    facts = depth_facts(tmp_path / 'd.npy', TASK, LabelFile(tmp_path / 'd.npy').load(TASK))
    assert list(describe_depths(TASK, [facts])) == ['52 % of the valid pixels are at or beyond 10 m: not evaluated']


def test_8_bits_are_named(tmp_path):
    Image.fromarray((metres(0) * 50).astype(np.uint8)).save(tmp_path / 'd.png')
    facts = depth_facts(tmp_path / 'd.png', TASK, LabelFile(tmp_path / 'd.png', scale=1 / 50).load(TASK))
    (text,) = named([facts])
    assert '1 files hold 8 bits, so at most 256 depths' in text


def test_a_file_of_another_size_or_of_no_map(tmp_path):
    raw = np.full((10, 15), 2000, np.uint16)
    raw[:2] = 65535
    Image.fromarray(raw).save(tmp_path / 'd.png')
    label = np.repeat(np.repeat(LabelFile(tmp_path / 'd.png', scale=1e-3).load(TASK), 2, 0), 2, 1)
    assert depth_facts(tmp_path / 'd.png', TASK, label).learnt == 4 * 30
    (tmp_path / 'points.bin').write_bytes(bytes(16))
    assert depth_facts(tmp_path / 'points.bin', TASK, label).bits is None
