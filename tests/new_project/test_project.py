"""A folder is described by a short config; what its files do not tell is asked for by the name of the option."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from labelled_folders import save
from labelled_folders import write as write_every_kind

from mmmtl.apis import load_config
from mmmtl.cli.main import main
from mmmtl.errors import UserError
from mmmtl.new_project.config_text import config_text
from mmmtl.new_project.project import inspect_project
from mmmtl.registry import DATASETS

STATED = {
    'masks': dict(kind='classes'),
    'disparity': dict(kind='depth', name='far', scale=0.01),
    'objects': dict(kind='binary', task='Saliency', void=128),
    'colours': dict(name='parts'),
}


@pytest.fixture
def root(tmp_path) -> Path:
    """Images, masks and depth, of 32 x 40 pixels."""
    root = tmp_path / 'photos'
    for number in range(6):
        rng = np.random.default_rng(number)
        save(root / 'images' / f'{number}.jpg', rng.integers(0, 256, (32, 40, 3)).astype(np.uint8))
        save(root / 'masks' / f'{number}.png', rng.integers(0, 3, (32, 40)).astype(np.uint8))
        save(root / 'depth' / f'{number}.png', rng.integers(500, 4000, (32, 40)).astype(np.uint16))
    return root


def data_sets(root: Path, folder: Path, **options) -> dict:
    path = folder / 'config.py'
    path.write_text(config_text(inspect_project(root, **options), pretrained=False))
    config = load_config(path)
    return {name: DATASETS.build(config[f'{name}_dataloader'].dataset) for name in ('train', 'val', 'test')}


def test_every_kind_and_few_lines(tmp_path):
    root = write_every_kind(tmp_path / 'data')
    project = inspect_project(root, stated=STATED)
    assert len(project.notes) == 10, project.notes
    for pretrained in (True, False):
        text = config_text(replace(project, labels=project.labels[:4]), pretrained=pretrained)
        assert len(text.splitlines()) <= 25
    kinds = {label.folder: label.kind for label in project.labels}
    assert kinds == dict(
        masks='classes', colours='colours', depth='depth', disparity='depth', normals='normals', edges='edges',
        objects='binary',
    )  # fmt: skip
    assert project.cameras == dict(intrinsics='cam.txt')
    sets = data_sets(root, tmp_path, stated=STATED)
    shown = set(sets['train'].shown[0])
    assert shown == {'semseg', 'parts', 'depth', 'far', 'normal', 'edge', 'saliency'}
    assert not {record.name for record in sets['train'].records} & {record.name for record in sets['val'].records}
    for dataset in sets.values():
        dataset[0]


def test_lists(root, tmp_path):
    (root / 'train.txt').write_text('0\n1\n')
    with pytest.raises(UserError, match=r'val\.txt'):
        inspect_project(root)
    (root / 'val.txt').write_text('5.jpg\n')
    sets = data_sets(root, tmp_path)
    assert [len(dataset) for dataset in sets.values()] == [2, 1, 1]


def test_train_and_val_folders(root, tmp_path):
    shutil.copytree(root, root.parent / 'both' / 'train')
    shutil.copytree(root, root.parent / 'both' / 'val')
    sets = data_sets(root.parent / 'both', tmp_path)
    assert [len(dataset) for dataset in sets.values()] == [6, 6, 6] and sets['val'].root.name == 'val'


def test_images_in_the_root_and_endings(root, tmp_path):
    for path in (root / 'images').iterdir():
        path.rename(root / path.name.replace('.jpg', '.JPG'))
    (root / 'images').rmdir()
    for path in (root / 'masks').iterdir():
        path.rename(path.with_name(f'{path.stem}_mask.png'))
    project = inspect_project(root)
    assert project.images == '.' and project.labels[1].options == dict(suffix='_mask.png')
    assert sum(map(len, list(data_sets(root, tmp_path).values())[:2])) == 6


@pytest.mark.parametrize('name', ['a"""b', 'back\\Nslash', 'ends with \\', 'ends with "', 'new\nline', 'ü ünd', 'v1.0'])
def test_any_name_of_the_folder(root, tmp_path, name):
    assert len(data_sets(root.rename(tmp_path / name), tmp_path)['train']) > 0


def test_hidden_files_and_the_case_of_suffixes(root, tmp_path):
    for path in (root / 'masks').iterdir():
        path.rename(path.with_name(f'{path.stem}_m.{"PNG" if path.stem == "0" else "png"}'))
    save(root / 'colours' / '0.png', np.array([[[0, 0, 0], [255, 0, 0]]], np.uint8).repeat(16, 0).repeat(8, 1))
    for number in range(1, 6):
        shutil.copy(root / 'colours' / '0.png', root / 'colours' / f'{number}.png')
    (root / 'table.csv').write_text('floor,0,0,0\nwall,255,0,0\n')
    (root / '._table.csv').write_bytes(b'\0\5\26\7')  # macOS leaves one beside each file on other disks
    project = inspect_project(root, stated={'colours': dict(name='parts')})
    options = {label.folder: label.options for label in project.labels}
    assert options['masks'] == dict(suffix='_m.png') and options['colours'] == dict(table='table.csv')


def change(root: Path, what: str) -> None:
    match what:
        case 'other images below the images':
            for path in (root / 'images').iterdir():
                path.rename(root / path.name)
            (root / 'images').rmdir()
            save(root / 'previews' / 'x.jpg', np.zeros((32, 40, 3), np.uint8))
        case 'negative':
            for number in range(6):
                (root / 'masks' / f'{number}.png').unlink()
                np.save(root / 'masks' / f'{number}.npy', np.arange(-1, 3, dtype=np.int16).repeat(320).reshape(32, 40))
        case 'two image folders':
            (root / 'images').rename(root / 'rgb')
            shutil.copytree(root / 'rgb', root / 'photos')
        case 'no labels':
            shutil.rmtree(root / 'masks')
            shutil.rmtree(root / 'depth')
        case 'stray label':
            shutil.copy(root / 'masks' / '1.png', root / 'masks' / 'x.png')
        case 'depth of 8 bits':
            save(root / 'depth' / '0.png', np.ones((32, 40), np.uint8))
            for path in sorted((root / 'depth').iterdir())[1:]:
                path.unlink()
        case 'scale':
            for path in (root / 'depth').iterdir():
                save(path, np.full((32, 40), 20, np.uint16))
        case 'two values':
            for path in (root / 'masks').iterdir():
                save(path, np.eye(32, 40).astype(np.uint8) * 255)
        case 'photographs':
            shutil.copytree(root / 'images', root / 'images_small')
        case 'sparse classes':
            save(root / 'masks' / '0.png', np.full((32, 40), 90, np.uint8))
        case 'colours without a table':
            for path in (root / 'masks').iterdir():
                save(path, np.full((32, 40, 3), 90, np.uint8))
        case 'bad table':
            change(root, 'colours without a table')
            (root / 'table.csv').write_text('floor,1,2\n')
        case 'two tasks':
            shutil.copytree(root / 'depth', root / 'depth_filled')
        case 'disparity':
            (root / 'depth').rename(root / 'disparity')
        case 'mixed':
            save(root / 'masks' / '0.png', np.ones((32, 40, 3), np.uint8))
        case 'cut':
            path = root / 'masks' / '0.png'
            path.write_bytes(path.read_bytes()[:60])
        case 'list':
            (root / 'train.txt').write_text('9\n')
            (root / 'val.txt').write_text('0\n')


@pytest.mark.parametrize(
    ('what', 'named'),
    [
        ('two image folders', ['--images', 'photos, rgb']),
        ('no labels', ['masks/', 'images']),
        ('other images below the images', ['previews', '--images FOLDER']),
        ('negative', ['masks', '-1', '--label masks.void=-1']),
        ('stray label', ['masks/x.png', 'images/x', '--label masks.kind=none']),
        ('depth of 8 bits', ['depth', '8 bits', '--label depth.kind=none']),
        ('scale', ['depth', '0.02 m', '--label depth.scale']),
        ('two values', ['masks', '--label masks.kind', 'binary']),
        ('photographs', ['images_small', '--label images_small.kind', 'none']),
        ('sparse classes', ['masks', '90', '--label masks.classes=FILE']),
        ('colours without a table', ['masks', 'NAME,RED,GREEN,BLUE', '--label masks.table=FILE']),
        ('bad table', ['table.csv', 'line 1']),
        ('two tasks', ['depth_filled', '--label depth_filled.name=NAME']),
        ('disparity', ['disparity', 'focal', 'baseline', '--label disparity.focal=NUMBER']),
        ('mixed', ['masks/0.png', 'has 3 of uint8']),
        ('cut', ['masks/0.png']),
        ('list', ['train.txt', '9']),
    ],
)
def test_what_cannot_be_told_is_asked_for(root, tmp_path, capsys, what, named):
    change(root, what)
    out = tmp_path / 'own.py'
    with pytest.raises(SystemExit) as end:
        main(['new-project', str(root), '--out', str(out)])
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and line.startswith('error: ') and all(word in line for word in named), line
    assert not out.exists()


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (['--label', 'mask.kind=none'], ['mask', 'masks']),
        (['--label', 'masks.kind=class'], ['--label masks.kind', 'classes']),
        (['--label', 'depth.factor=2'], ['--label depth.factor', 'scale']),
        (['--label', 'depth.name=my-depth'], ['--label depth.name', "'my-depth'"]),
        (['--label', 'depth.name=class'], ['--label depth.name', "'class'"]),
        (['--label', 'scale=2'], ['--label scale', 'FOLDER.OPTION=VALUE']),
        (['--label', 'masks.task=Segmentation'], ['--label masks.task', 'SemSeg']),
        (['--images', 'rgb'], ["'rgb'", 'images']),
        (['--out', 'photos.yaml'], ['photos.yaml', 'FILE.py']),
        (['--out', __file__], [__file__, 'exists']),
    ],
)
def test_bad_options_are_named(root, tmp_path, monkeypatch, capsys, arguments, named):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(['new-project', str(root), *arguments])
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and all(word in line for word in named), line
    assert not list(tmp_path.glob('*.py'))


def test_a_missing_folder(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(['new-project', str(tmp_path / 'photos')])
    assert str(tmp_path / 'photos') in capsys.readouterr().err


def test_nothing_is_guessed_silently(root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(['new-project', 'photos'])
    printed, text = capsys.readouterr().out, (tmp_path / 'photos.py').read_text()
    for guess in (
        'depth: 6 labels',
        'scale 0.001',
        "masks: 6 labels of kind 'classes'",
        '3 classes',
        'split',
        '6 images',
    ):
        assert guess in printed
    for option in ("kind='depth', scale=0.001, void=(0, 65535)", "kind='classes'", 'range(3)', '(32, 40)'):
        assert option in text, text
