"""Near names: what differs by case, suffix or folder only, and nothing else."""

import pytest

from mmmtl.files.near_names import similar_file_hint, similar_name_hint, without_suffix


@pytest.mark.parametrize(
    ('name', 'near'),
    [
        ('IMG_1', 'img_1'),
        ('img_1.jpg', 'img_1'),
        ('JPEGImages/img_1.png', 'img_1'),
        ('images\\IMG_1.PNG', 'img_1'),
        ('img_2', 'Img_2.JPG'),
        ('img_1', None),
        ('img_3', None),
        ('img', None),
    ],
)
def test_hints(name, near):
    assert similar_name_hint(name, ['img_1', 'Img_2.JPG', 'other']) == (f' (there is {near})' if near else '')


def test_hints_of_a_folder(tmp_path):
    (tmp_path / 'Label.PNG').touch()
    assert similar_file_hint(tmp_path / 'label.png') == ' (there is Label.PNG)'
    assert similar_file_hint(tmp_path / 'none' / 'label.png') == ''


def test_only_suffixes_of_images_are_none_of_the_name():
    assert [without_suffix(name) for name in ('1.jpg', '1.PNG', 'a.b', 'v1.5', '.jpg', 'x.tar.npy')] == [
        '1',
        '1',
        'a.b',
        'v1.5',
        '.jpg',
        'x.tar',
    ]
