"""Every entry names a recipe that exists; damaged metafiles are named."""

from pathlib import Path

import pytest

import mmmtl
from mmmtl.apis import load_config
from mmmtl.cli.main import main
from mmmtl.errors import ConfigError
from mmmtl.model_zoo.models import by_name, read_metafile
from mmmtl.model_zoo.page import section
from mmmtl.model_zoo.weights_file import weights_file

PAGE = Path(__file__).parents[2] / 'docs' / 'model_zoo.md'
ENTRY = """models:
  - {name: a, about: b, recipe: baseline/fpn_lite0_b8_2e_rooms_full, command: c, data: d, scores: {depth/abs_rel: 1},
     time: t, memory: m, hardware: h%s}
"""


@pytest.mark.parametrize('name', mmmtl.list_models())
def test_every_entry(name):
    model = mmmtl.model_info(name)
    config = load_config(model.recipe)
    assert {score.partition('/')[0] for score in model.scores} <= set(config.tasks)
    if model.weights:
        assert weights_file(model).stat().st_size < 12e6
    else:
        with pytest.raises(ConfigError, match='no weights are published; train it: mmmtl'):
            weights_file(model)


def test_the_page_is_made_from_the_metafiles(capsys):
    main(['list-models', '--markdown'])
    assert capsys.readouterr().out == PAGE.read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('score', 'text'), [('26.0', '26.0'), ('0.59', '0.590'), ('1.235', '1.235'), ('27.86', '27.86')]
)
def test_scores_keep_their_trailing_zeros(tmp_path, score, text):
    file = tmp_path / 'metafile.yml'
    file.write_text((ENTRY % '').replace('depth/abs_rel: 1', f'depth/abs_rel: {score}'))
    assert f'\n| {text} |' in section(read_metafile(file)[0])


def test_names(capsys):
    assert set(mmmtl.list_models(pretrained=True)) <= set(mmmtl.list_models())
    main(['list-models'])
    assert [line.partition(':')[0] for line in capsys.readouterr().out.splitlines()] == mmmtl.list_models()
    with pytest.raises(ConfigError, match=r'rooms_lite9: not in the model zoo, which has .*demo'):
        mmmtl.model_info('rooms_lite9')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('models: [', "expected a list 'models' in YAML"),
        ('networks: []', "expected a list 'models' in YAML"),
        (ENTRY % ', colour: red', 'model a: unknown colour'),
        (ENTRY.replace('time: t, ', '') % '', 'model a: lacks time'),
        (ENTRY % ', weights: a.safetensors', 'model a: weights and sha256 belong together'),
        (ENTRY.replace('fpn_lite0', 'fpn_lite9') % '', 'model a: there is no recipe baseline/fpn_lite9'),
    ],
)
def test_damaged_metafile(text, message, tmp_path):
    (tmp_path / 'metafile.yml').write_text(text)
    with pytest.raises(ConfigError, match=f'metafile.yml: {message}'):
        read_metafile(tmp_path / 'metafile.yml')


def test_two_models_of_one_name(tmp_path):
    entries = []
    for name in ('a.yml', 'b.yml'):
        (tmp_path / name).write_text(ENTRY % '')
        entries += read_metafile(tmp_path / name)
    assert list(by_name(entries[:1])) == ['a']
    with pytest.raises(ConfigError, match='b.yml: model a is in .*a.yml too'):
        by_name(entries)
