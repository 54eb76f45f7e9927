"""tools/generate_regions.py: every backend, what is kept and what is refused, and SAM on a real photograph."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from photographs import nyuv2_arrays
from PIL import Image

from mmmtl.apis import load_config
from mmmtl.registry import DATASETS

ROOT = Path(__file__).parents[2]
ROOMS = ROOT / 'tests' / 'configs' / 'tiny_rooms.py'
NYUV2 = ROOT / 'configs' / 'baseline' / 'conv_segnet_b2_200e_nyuv2_13_full.py'


@pytest.fixture
def generate(mmmtl_command, rooms_cache, capsys):
    """Run the tool in this process: its output, its error line and its exit code."""

    def run(*arguments: str | Path, config: Path = ROOMS, options: list[str] = ()) -> tuple[str, str, int]:
        given = [*arguments, *(['--cfg-options', *options] if options else [])]
        code = 0
        try:
            mmmtl_command('regions', config, *given)
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return said.out, said.err, code

    return run


def maps_of(folder: Path) -> dict[str, np.ndarray]:
    return {path.relative_to(folder).as_posix(): np.asarray(Image.open(path)) for path in sorted(folder.rglob('*.png'))}


@pytest.mark.parametrize(
    ('backend', 'settings'),
    [('felzenszwalb', ['min_size=40', 'scale=50']), ('slic', ['n_segments=6']), ('instances', []), ('semseg', [])],
)
def test_backends(generate, tmp_path, backend, settings):
    out = tmp_path / 'maps'
    said, _, code = generate('--backend', backend, '--out', out, *(['--settings', *settings] if settings else []))
    assert code == 0 and said.startswith(f'{out}: 10 images with ')
    maps = maps_of(out)
    assert list(maps) == [f'{number:05d}.png' for number in range(10)] or len(maps) == 10
    assert all(
        regions.shape == (32, 40) and regions.dtype == np.uint16 and regions.min() > 0 for regions in maps.values()
    )
    assert np.mean([len(np.unique(regions)) for regions in maps.values()]) >= 3
    manifest = json.loads((out / 'manifest.json').read_text())
    assert manifest['backend'] == backend and manifest['images'] == 10 and manifest['split'] == 'train'
    assert manifest['settings'].get('min_size', 40) == 40
    dataset = DATASETS.build(
        load_config(ROOMS, {'train_dataloader.dataset.regions': str(out)}).train_dataloader.dataset
    )
    assert dataset[0]['data_samples'][0].regions.max() > 0


def test_a_part_of_a_dataset_without_parts_is_an_error(generate, tmp_path):
    _, error, code = generate('--backend', 'felzenszwalb', '--part', 'camvid', '--out', tmp_path / 'maps')
    assert code == 2 and 'the dataset has no parts; omit the option' in error.splitlines()[-1]
    assert not (tmp_path / 'maps').exists()


def test_instances_are_those_of_the_data_set(generate, tmp_path):
    generate('--backend', 'instances', '--out', tmp_path / 'maps')
    loaded = [
        DATASETS.build(load_config(ROOMS, {'train_dataloader.dataset.regions': where}).train_dataloader.dataset)
        for where in (str(tmp_path / 'maps'), 'instances')
    ]
    ours, theirs = (dataset[2]['data_samples'][0].regions for dataset in loaded)
    assert torch.equal(ours, theirs + 1)


def test_a_config_that_takes_them_can_make_them(generate, tmp_path):
    """Its own folder is not there yet."""
    out = tmp_path / 'maps'
    _, err, code = generate('--backend', 'slic', '--out', out, options=[f'train_dataloader.dataset.regions={out}'])
    assert code == 0, err


def test_an_interrupted_run_continues(generate, tmp_path):
    out = tmp_path / 'maps'
    generate('--backend', 'slic', '--out', out)
    before, paths = maps_of(out), sorted(out.rglob('*.png'))
    times = [path.stat().st_mtime_ns for path in paths]
    paths[3].unlink()
    paths[5].write_bytes(paths[5].read_bytes()[:60])
    _, _, code = generate('--backend', 'slic', '--out', out)
    assert code == 0 and all(np.array_equal(one, before[name]) for name, one in maps_of(out).items())
    kept = [path.stat().st_mtime_ns == time for path, time in zip(paths, times, strict=True)]
    assert kept == [number not in (3, 5) for number in range(10)]


def test_other_settings_or_sizes_are_refused(generate, tmp_path):
    out = tmp_path / 'maps'
    generate('--backend', 'slic', '--out', out)
    _, err, code = generate('--backend', 'slic', '--out', out, '--settings', 'n_segments=9')
    assert code == 2 and 'holds regions made with different settings (settings=' in err
    _, err, code = generate('--backend', 'felzenszwalb', '--out', out)
    assert code == 2 and "backend='slic' there, 'felzenszwalb' now" in err
    Image.fromarray(np.ones((5, 6), np.uint16)).save(sorted(out.rglob('*.png'))[4])
    _, err, code = generate('--backend', 'slic', '--out', out)
    assert code == 2 and 'regions of 5 x 6, but the image' in err and 'is 32 x 40' in err


@pytest.mark.parametrize(
    ('arguments', 'line'),
    [
        (
            ['--backend', 'sam'],
            '--backend sam needs --checkpoint, none is given; download sam_vit_h_4b8939.pth from https',
        ),
        (
            ['--backend', 'sam', '--settings', 'model=vit_b', '--checkpoint', 'nowhere.pth'],
            'nowhere.pth: no such file; download sam_vit_b_01ec64.pth',
        ),
        (['--backend', 'sam', '--settings', 'model=vit_x'], "model='vit_x': expected one of vit_b, vit_l, vit_h"),
        (
            ['--backend', 'slic', '--settings', 'scale=3'],
            '--settings scale: slic has the settings n_segments, compactness',
        ),
        (['--backend', 'slic', '--settings', 'n_segments=many'], "n_segments='many': expected a value such as 32"),
        (['--backend', 'instances', '--settings', 'a=1'], 'instances has the settings none'),
    ],
)
def test_invalid_options_are_errors(generate, tmp_path, arguments, line):
    _, err, code = generate(*arguments, '--out', tmp_path / 'maps')
    assert code == 2 and line in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / 'maps').exists()


def test_a_checkpoint_of_something_else(generate, tmp_path):
    torch.save({'weight': torch.zeros(1)}, tmp_path / 'weights.pth')
    _, err, code = generate(
        '--backend',
        'sam',
        '--out',
        tmp_path / 'maps',
        '--settings',
        'model=vit_b',
        '--checkpoint',
        tmp_path / 'weights.pth',
    )
    assert code == 2 and 'does not fit the architecture' in err


def test_no_instances(generate, data_root, tmp_path):
    options = nyuv2_arrays([data_root / 'real' / 'nyuv2' / 'rgb' / '0001.png'], tmp_path / 'nyuv2')
    _, err, code = generate('--backend', 'instances', '--out', tmp_path / 'maps', config=NYUV2, options=options)
    assert code == 2 and 'has no instances labels; choose another backend' in err


@pytest.mark.check
def test_several_processes(rooms_cache, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            ROOT / 'tools' / 'generate_regions.py',
            ROOMS,
            '--backend',
            'slic',
            '--out',
            tmp_path / 'maps',
            '--processes',
            '2',
        ],
        env=os.environ | {'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'regions: 10/10 (100 %)' in done.stderr and len(maps_of(tmp_path / 'maps')) == 10


def test_the_largest_is_painted_first(tool):
    small, large = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    small[1:3, 1:3], large[:, :4] = True, True
    regions = tool('pseudo_labels/region_backends').merge_masks([small, large], (4, 6))
    assert regions.tolist() == [[1, 1, 1, 1, 0, 0], [1, 2, 2, 1, 0, 0], [1, 2, 2, 1, 0, 0], [1, 1, 1, 1, 0, 0]]
    assert not tool('pseudo_labels/region_backends').merge_masks([], (2, 2)).any()


@pytest.mark.check
def test_sam_on_a_real_photograph(generate, tool, data_root, tmp_path):
    """With random weights: every mask is kept when the thresholds are off, none with them on, which is a warning."""
    options = nyuv2_arrays([data_root / 'real' / 'nyuv2' / 'rgb' / '0001.png'], tmp_path / 'nyuv2')
    torch.manual_seed(0)
    weights = tmp_path / 'sam.pth'
    torch.save(
        tool('pseudo_labels/region_backends').segment_anything().sam_model_registry['vit_b']().state_dict(), weights
    )
    common = ['--backend', 'sam', '--checkpoint', weights]
    off = [
        'model=vit_b',
        'points_per_side=8',
        'pred_iou_thresh=-1000.0',
        'stability_score_thresh=-1.0',
        'box_nms_thresh=1.0',
    ]
    out, err, code = generate(*common, '--out', tmp_path / 'off', '--settings', *off, config=NYUV2, options=options)
    assert code == 0 and 'warning' not in err
    (regions,) = maps_of(tmp_path / 'off').values()
    assert regions.shape == (288, 384) and len(np.unique(regions[regions > 0])) >= 5
    out, err, code = generate(
        *common,
        '--out',
        tmp_path / 'on',
        '--settings',
        'model=vit_b',
        'points_per_side=4',
        config=NYUV2,
        options=options,
    )
    assert code == 0 and 'warning: 1 of 1 images have no region, the first is' in err
    (regions,) = maps_of(tmp_path / 'on').values()
    assert not regions.any()
    shutil.rmtree(tmp_path)  # the weights are 375 MB


def test_felzenszwalb_on_real_photographs(generate, data_root, tmp_path):
    photographs = sorted((data_root / 'real' / 'nyuv2' / 'rgb').glob('*.png'))
    options = nyuv2_arrays(photographs, tmp_path / 'nyuv2')
    _, _, code = generate('--backend', 'felzenszwalb', '--out', tmp_path / 'maps', config=NYUV2, options=options)
    assert code == 0
    maps = maps_of(tmp_path / 'maps')
    assert len(maps) == len(photographs) > 3
    assert all(5 <= len(np.unique(regions)) <= 200 for regions in maps.values())
