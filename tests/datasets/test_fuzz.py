"""Damage 300 files. With checksums, every damaged file is refused by name, or loads as if undamaged.

``on_bad_sample='skip'`` replaces refused records. Without checksums, some damage loads silently: two files of one kind
that were swapped are both sound, and a byte of an uncompressed array can have any value. The table counts such cases.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from damaged_files import DAMAGE, damaged, exchange_tasks, not_a_number, other_size, out_of_range
from PIL import Image

from mmmtl.datasets import LabelFile, MultiTaskDataset, PosedViews, Record, View
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import DataError
from mmmtl.files.checksums import write_checksums
from mmmtl.files.reading import read_array
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

CASES = 300
SIZE = (24, 32)
PLAIN = [dict(type=LoadViews), dict(type=PackViews)]
TASKS = {'semseg': SemSeg('semseg', SyntheticRooms.CLASSES), 'depth': Depth('depth'), 'normal': Normal('normal')}
OUTCOMES = ('refused', 'sound', 'silent')


class Arrays(MultiTaskDataset):
    """MTAN's layout: every image and label an .npy."""

    def __init__(self, *, root: Path, **kwargs) -> None:
        self.root = root
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        return [
            Record(
                str(n),
                (
                    View(
                        self.root / f'image/{n}.npy',
                        {
                            'semseg': LabelFile(self.root / f'semseg/{n}.npy', void=-1),
                            'depth': LabelFile(self.root / f'depth/{n}.npy'),
                            'normal': LabelFile(self.root / f'normal/{n}.npy'),
                        },
                    ),
                ),
            )
            for n in range(6)
        ]


@dataclass
class Source:
    """A dataset on disk: how to open it, its files by what they hold, and where its lists of checksums are."""

    build: Callable[..., MultiTaskDataset]
    files: dict[str, list[Path]]
    manifests: list[Path]
    given: str | None = None  # the list that the dataset must be given; generated rooms find their own

    def paths(self) -> list[Path]:
        """All files of the dataset."""
        return [path for paths in self.files.values() for path in paths]

    def open(self, checksums: bool, on_bad_sample: str = 'raise') -> MultiTaskDataset:
        options = {'checksums': self.given} if checksums and self.given else {}
        return self.build(tasks=TASKS, pipeline=PLAIN, on_bad_sample=on_bad_sample, **options)


@pytest.fixture(scope='module')
def sources(tmp_path_factory) -> dict[str, Source]:
    root = tmp_path_factory.mktemp('fuzz')
    rooms = partial(SyntheticRooms, split='train', scenes=3, num_views=2, size=SIZE, view_mode='all', cache=str(root))
    views = [view for record in rooms(tasks=TASKS, pipeline=PLAIN).records for view in record.views]
    drawn = [
        {'image': read_array(view.image)} | {name: view.labels[name].load(TASKS[name]) for name in TASKS}
        for view in views
    ]
    return {
        'rooms': rooms_source(rooms, views),
        'arrays': arrays_source(root / 'arrays', drawn),
        'posed views': posed_source(root / 'posed', drawn, views),
    }


def rooms_source(build: Callable, views: list[View]) -> Source:
    folders = sorted({view.image.parent for view in views})
    files = {name: [view.labels[name].path for view in views] for name in TASKS}
    files |= {'image': [view.image for view in views], 'camera': [folder / 'cameras.json' for folder in folders]}
    return Source(build, files, [folder / 'checksums.json' for folder in folders])


def arrays_source(root: Path, drawn: list[dict]) -> Source:
    files: dict[str, list[Path]] = {}
    for kind in ('image', *TASKS):
        (root / kind).mkdir(parents=True)
        files[kind] = [root / kind / f'{n}.npy' for n in range(len(drawn))]
    for n, maps in enumerate(drawn):
        maps['semseg'][:3, :5] = 255
        np.save(files['image'][n], (maps['image'] / 255).astype(np.float32))
        np.save(files['semseg'][n], np.where(maps['semseg'] == 255, -1, maps['semseg']).astype(np.float32))
        np.save(files['depth'][n], maps['depth'][..., None])
        np.save(files['normal'][n], maps['normal'])
    manifest = root / 'checksums.json'
    write_checksums(manifest, [path for paths in files.values() for path in paths])
    return Source(partial(Arrays, root=root), files, [manifest], str(manifest))


def posed_source(root: Path, drawn: list[dict], views: list[View]) -> Source:
    files: dict[str, list[Path]] = {'image': [], 'depth': [], 'camera': [], 'poses': []}
    for scene in range(len(drawn) // 2):
        folder = root / f'scene{scene}'
        folder.mkdir(parents=True)
        pair = slice(2 * scene, 2 * scene + 2)
        for number, maps in enumerate(drawn[pair]):
            files['image'].append(folder / f'{number}.jpg')
            files['depth'].append(folder / f'{number}.png')
            Image.fromarray(maps['image']).save(files['image'][-1], quality=95)
            Image.fromarray((maps['depth'] * 1000).round().astype(np.uint16)).save(files['depth'][-1])
        files['camera'].append(folder / 'cam.txt')
        files['poses'].append(folder / 'poses.txt')
        np.savetxt(files['camera'][-1], views[2 * scene].intrinsics + np.diag([scene, scene, 0]))
        np.savetxt(files['poses'][-1], [view.camera_T_world[:3].ravel() for view in views[pair]])
    manifest = root / 'checksums.json'
    write_checksums(manifest, [path for paths in files.values() for path in paths])
    return Source(partial(PosedViews, root=str(root), split='all', view_mode='all'), files, [manifest], str(manifest))


# -- outcomes --------------------------------------------------------------------------------------------------------


def contents(packed: dict) -> list[torch.Tensor]:
    """All that a network would see of a record."""
    return [*packed['inputs']] + [
        tensor
        for sample in packed['data_samples']
        for tensor in [
            *(sample.gt.get(name) for name in sorted(sample.gt.keys())),
            *(getattr(sample, name) for name in ('intrinsics', 'camera_T_world') if name in sample),
        ]
    ]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return len(a) == len(b) and all(x.dtype == y.dtype and torch.equal(x, y) for x, y in zip(a, b, strict=True))


def outcome(source: Source, truth: list[list[torch.Tensor]], checksums: bool) -> tuple[str, set[int]]:
    """'refused', 'sound' (what loads is the truth) or 'silent', and the records that are refused."""
    try:
        dataset = source.open(checksums)
    except DataError as error:
        check_message(error, source.paths())
        return 'refused', set(range(len(truth)))
    refused, silent = set(), False
    for index in range(len(dataset)):
        try:
            silent |= not same(contents(dataset[index]), truth[index])
        except DataError as error:
            check_message(error, source.paths())
            refused.add(index)
    return 'silent' if silent else 'refused' if refused else 'sound', refused


def check_message(error: DataError, paths: list[Path]) -> None:
    """Check that a message is one line and names one of the files."""
    assert '\n' not in str(error) and any(str(path) in str(error) for path in paths), error


def check_skip(source: Source, truth: list[list[torch.Tensor]], refused: set[int]) -> None:
    """Every refused record is replaced by the next sound one, which lists what was skipped."""
    dataset = source.open(True, 'skip')
    for index in range(len(truth)):
        packed = dataset[index]
        after = [(index + step) % len(truth) for step in range(len(truth))]
        replacement = next(place for place in after if place not in refused)
        assert same(contents(packed), truth[replacement])
        skipped = packed['data_samples'][0].get('skipped', [])
        assert len(skipped) == after.index(replacement)


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:overflow encountered')  # a flipped byte can make a normal 1e38 long
def test_no_damage_is_silent(sources):
    rng = np.random.default_rng(20)
    truths = {
        name: [contents(packed) for packed in map(source.open(True).__getitem__, range(len(source.open(True))))]
        for name, source in sources.items()
    }
    with_checksums, without_checksums, case = Counter(), Counter(), 0
    while case < CASES:
        how, name = DAMAGE[case % len(DAMAGE)], str(rng.choice(list(sources)))
        source, truth = sources[name], truths[name]
        with damaged(source, how, rng) as kind:
            if kind is None:
                continue
            case += 1
            found, refused = outcome(source, truth, checksums=True)
            with_checksums[how.__name__, found] += 1
            assert found != 'silent', f'{how.__name__} of {kind} of {name} was not noticed'
            if refused and len(refused) < len(truth):
                check_skip(source, truth, refused)
            contents_of_lists = {path: path.read_bytes() for path in source.manifests}
            for path in source.manifests:
                path.unlink()
            without_checksums[how.__name__, outcome(source, truth, checksums=False)[0]] += 1
            for path, content in contents_of_lists.items():
                path.write_bytes(content)
    print(table(with_checksums, 'with checksums'), table(without_checksums, 'without'), sep='\n')
    cases_per_damage = CASES // len(DAMAGE)
    for how in DAMAGE:  # each was tried often enough
        assert sum(with_checksums[how.__name__, found] for found in OUTCOMES) >= cases_per_damage
    # damage that is found without checksums
    found_by_checks = (not_a_number, out_of_range, other_size, exchange_tasks)
    assert not any(without_checksums[how.__name__, 'silent'] for how in found_by_checks)
    # damage that only checksums find; a few swaps are of files with the same content
    assert without_checksums['exchange_samples', 'refused'] == 0
    assert without_checksums['exchange_samples', 'silent'] > 0.8 * cases_per_damage


def table(counts: Counter, title: str) -> str:
    rows = [
        f'{how.__name__:<18}' + ''.join(f'{counts[how.__name__, found]:>9}' for found in OUTCOMES) for how in DAMAGE
    ]
    return '\n'.join([f'{title:<18}' + ''.join(f'{found:>9}' for found in OUTCOMES), *rows])
