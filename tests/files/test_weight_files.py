"""Weights from files: damage is found wherever it is, and what fits is counted."""

import io
import random
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import StateDictMatch, load_plain, read_state_dict

CONTENT = {
    'state_dict': {'weight': torch.arange(600.0).view(20, 30), 'steps': torch.tensor(7)},
    'meta': {'epoch': 3, 'lr': 0.1, 'name': 'run', 'flags': [1, 2.5, None, True]},
}


@pytest.fixture(scope='module')
def written(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('written') / 'epoch_3.pth'
    write_checkpoint(CONTENT, path)
    return path


def read(data: bytes, path: Path) -> dict | None:
    """The content, or None where the file is refused; any other error is one."""
    path.write_bytes(data)
    try:
        return read_checkpoint(path)
    except CheckpointError as error:
        assert str(path) in str(error) and '\n' not in str(error)
        return None


def equal(found: dict) -> bool:
    return (
        found['meta'] == CONTENT['meta']
        and found['state_dict'].keys() == CONTENT['state_dict'].keys()
        and all(torch.equal(value, found['state_dict'][key]) for key, value in CONTENT['state_dict'].items())
    )


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=3),
    tail=st.booleans(),
)
def test_changed_bytes_are_found_or_change_nothing(changes, tail, written):
    data = bytearray(written.read_bytes())
    for place, mask in changes:  # half of the examples among the tables of the zip file, which are at its end
        start = data.rfind(b'PK\x01\x02', 0, len(data) // 2 * 2) // 2 if tail else 0
        data[start + int(place * (len(data) - start))] ^= mask
    found = read(bytes(data), written.with_name('changed.pth'))
    assert found is None or equal(found)


@pytest.mark.parametrize('needle', [torch.tensor(300.0).numpy().tobytes(), b'epoch', b'run'])
def test_a_flipped_bit_in_a_value_is_named(needle, written):
    data = bytearray(written.read_bytes())
    data[data.index(needle)] ^= 1
    path = written.with_name('changed.pth')
    path.write_bytes(data)
    with pytest.raises(
        CheckpointError,
        match=r'changed\.pth: cannot be read, it is damaged .*wrong checksum of .*use '
        'another copy or an earlier checkpoint',
    ):
        read_checkpoint(path)


def test_an_entry_that_is_marked_as_a_folder(written):
    """Of such an entry torch gives whatever is in its memory."""
    data = bytearray(written.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as content:
        count = len(content.infolist())
    place, folders = 0, 0
    for _ in range(count):
        place = data.index(b'PK\x01\x02', place) + 4
        changed = bytearray(data)
        changed[place + 34] ^= 0x10
        folders += read(bytes(changed), written.with_name('changed.pth')) is None
    assert folders == count


def test_ours_has_checksums_even_where_they_are_turned_off(written):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        write_checkpoint(CONTENT, path := written.with_name('ours.pth'))
        torch.save(CONTENT, foreign := written.with_name('foreign.pth'))
        assert not torch.serialization.get_crc32_options()
    finally:
        torch.serialization.set_crc32_options(before)
    with zipfile.ZipFile(path) as content:
        assert all(entry.CRC for entry in content.infolist())
    assert equal(load_plain(foreign))  # without checksums, it is taken as it is


@pytest.mark.parametrize('new_format', [True, False])
def test_files_of_others(new_format, tmp_path):
    torch.save(CONTENT, tmp_path / 'theirs.pth', _use_new_zipfile_serialization=new_format)
    assert equal(load_plain(tmp_path / 'theirs.pth'))


@pytest.mark.parametrize('wrapper', [None, 'state_dict', 'model', 'safetensors'])
def test_state_dicts(wrapper, tmp_path):
    weights = CONTENT['state_dict']
    path = tmp_path / f'weights.{wrapper if wrapper == "safetensors" else "pth"}'
    if wrapper == 'safetensors':
        safetensors.torch.save_file(weights, path)
    else:
        torch.save({wrapper: weights} if wrapper else weights, path)
    assert all(torch.equal(value, weights[key]) for key, value in read_state_dict(path).items())


# -- what fits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('seed', range(20))
def test_matches_are_counted_by_values(seed):
    generator = random.Random(seed)
    own = {f'layer.{i}': torch.zeros(generator.randint(1, 9), generator.randint(1, 9)) for i in range(9)}
    own['steps'] = torch.tensor(3)  # a counter is nothing that is learnt
    there = {key: value for key, value in own.items() if generator.random() < 0.6}
    wrong = {key: torch.zeros(2, 3, 4) for key in own if key not in there and generator.random() < 0.5}
    match = StateDictMatch.of(own, there | wrong | {'head.weight': torch.zeros(1000)})
    values = sum(value.numel() for key, value in there.items() if key != 'steps')
    assert match.fraction == pytest.approx(values / sum(value.numel() for key, value in own.items() if key != 'steps'))
    assert set(match.ignored) == {*wrong, 'head.weight'}
    assert str(match).startswith(f'{len(set(there) - {"steps"})} of 9 entries, {100 * match.fraction:.1f} % of values')


def test_too_little_is_refused():
    match = StateDictMatch.of({'a': torch.zeros(3), 'b': torch.zeros(1)}, {'a': torch.zeros(3), 'c': torch.zeros(1)})
    match.require(0.75, 'x.pth', 'Net')
    with pytest.raises(CheckpointError) as caught:
        match.require(0.76, 'x.pth', 'Net')
    assert str(caught.value) == (
        'x.pth: does not fit Net: 1 of 2 entries, 75.0 % of values, not filled: b, '
        'ignored: c; at least 76 % are required (min_matched)'
    )
