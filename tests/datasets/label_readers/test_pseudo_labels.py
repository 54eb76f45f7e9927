"""Manifests of folders of pseudo labels: written once, compared, and named if they are damaged."""

import json

import pytest

from mmmtl.datasets.label_readers.pseudo_labels import prepare_folder
from mmmtl.errors import ConfigError


def test_a_folder_is_continued_with_the_same_settings_only(tmp_path):
    for _ in range(2):
        prepare_folder(tmp_path / 'labels', 'semseg', {'size': (2, 3), 'model': 'a'})
    prepare_folder(tmp_path / 'labels', 'disparity', {'backend': 'sgbm'})
    assert json.loads((tmp_path / 'labels' / 'manifest_semseg.json').read_text()) == {'size': [2, 3], 'model': 'a'}
    with pytest.raises(ConfigError, match='written with different settings .model, weights.'):
        prepare_folder(tmp_path / 'labels', 'semseg', {'size': (2, 3), 'model': 'b', 'weights': 'c'})


@pytest.mark.parametrize('content', [b'', b'{"size": [2', b'7', b'\xff\xfe\x00'])
def test_a_damaged_manifest_is_named(tmp_path, data_error, content):
    (tmp_path / 'manifest_semseg.json').write_bytes(content)
    with data_error(tmp_path / 'manifest_semseg.json', 'expected the settings of the files'):
        prepare_folder(tmp_path, 'semseg', {'size': (2, 3)})
