"""The PASCALContext folder is assembled from its sources, and what is missing or damaged is told."""

import json
import shutil

import pytest
from official_trees import write_pascal

from mmmtl.datasets import PascalContext
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import HumanParts

FOLDERS = (
    'ImageSets/Context',
    'json',
    'JPEGImages',
    'semseg/VOC12',
    'semseg/pascal-context',
    'human_parts',
    'pascal-context/trainval',
    'sal_distill',
    'normals_distill',
)


@pytest.fixture
def run(mmmtl_command):
    def convert(dst, *arguments):
        mmmtl_command('convert-dataset', 'pascal-context', dst, *arguments)

    return convert


@pytest.fixture
def source(tmp_path):
    return write_pascal(tmp_path / 'source')


def test_assembled_from_scattered_folders(run, source, tmp_path, capsys):
    (source / 'JPEGImages' / 'of_another_set.jpg').touch()
    given = [f'{folder}={source / folder}' for folder in FOLDERS]
    run(tmp_path / 'new', '--partial', '--from', *given)
    out = capsys.readouterr().out
    for folder in FOLDERS:
        copied = {path.name: path.read_bytes() for path in (tmp_path / 'new' / folder).iterdir()}
        expected = {path.name: path.read_bytes() for path in (source / folder).iterdir() if 'another' not in path.name}
        assert copied == expected and f'{tmp_path / "new" / folder}: {len(copied)} written, 0 there already' in out
    assert 'train: 2 images listed, the official split has 4998' in out and 'missing' not in out
    lists = json.loads((tmp_path / 'new' / 'ImageSets' / 'Parts' / 'train.txt').read_text())
    assert lists == {'2008_train_0': [15], '2008_train_1': [12]}
    dataset = PascalContext(
        root=str(tmp_path / 'new'),
        split='train',
        partial=True,
        tasks={'human_parts': HumanParts('human_parts')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    assert dataset[0]['data_samples'][0].gt.human_parts.max() == 6 and not dataset[1]['data_samples'][0].gt.keys()


def test_a_second_run_copies_what_is_damaged(run, source, tmp_path, capsys, refused):
    given = [f'{folder}={source / folder}' for folder in FOLDERS]
    run(tmp_path / 'new', '--partial', '--from', *given)
    picture = tmp_path / 'new' / 'sal_distill' / '2008_val_0.png'
    whole = picture.read_bytes()
    picture.write_bytes(whole[:-20])
    out, error = refused(run, tmp_path / 'new', '--partial')
    assert error.startswith(f'error: {picture}: damaged, one of 1 files')
    run(tmp_path / 'new', '--partial', '--from', *given)
    assert picture.read_bytes() == whole
    out = capsys.readouterr().out
    assert f'{tmp_path / "new" / "sal_distill"}: 1 written, 3 there already' in out
    assert f'{tmp_path / "new" / "ImageSets/Parts"}: 0 written, 2 there already' in out


def test_what_is_missing_is_counted(run, source, refused):
    shutil.rmtree(source / 'human_parts')
    (source / 'semseg' / 'VOC12' / '2008_train_0.png').unlink()  # pascal-context has it too
    (source / 'semseg' / 'pascal-context' / '2008_val_1.png').unlink()
    out, error = refused(run, source)
    assert 'incomplete, see above' in error
    assert f'{source / "human_parts"}: 4 of 4 missing, the first is 2008_train_0' in out
    assert f'{source / "semseg"}: 1 of 4 missing, the first is 2008_val_1' in out
    run(source, '--partial')
    assert not (source / 'ImageSets' / 'Parts').exists()


def test_a_mat_file_of_another_kind_is_damaged(run, source, refused):
    shutil.copy(source / 'human_parts' / '2008_val_0.mat', source / 'pascal-context' / 'trainval' / '2008_val_0.mat')
    assert 'trainval/2008_val_0.mat: damaged' in refused(run, source, '--partial').error


def test_wrong_arguments(run, source, tmp_path, refused):
    for given in ('json', 'json=', '=.'):
        assert f'--from {given}: expected FOLDER=SRC' in refused(run, source, '--from', given).error
    assert 'expected FOLDER=SRC with one of' in refused(run, source, '--from', 'images=.').error
    assert 'no such file or folder' in refused(run, source, '--from', f'json={tmp_path / "none"}').error
    assert 'train.txt' in refused(run, tmp_path / 'new').error
