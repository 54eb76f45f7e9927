"""The Python of the Markdown pages: blocks run, configs build their model, inline options are those of the classes."""

import ast
import re
import runpy
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from documented_code import PAGES, ROOT, CodeBlock, code_blocks, inline_code
from mmengine.registry import Registry
from PIL import Image

from mmmtl import registry
from mmmtl.apis import load_config
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.configuration.protocols import PROTOCOLS
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.configuration.signatures import accepted_arguments
from mmmtl.errors import UserError
from mmmtl.export import export_model
from mmmtl.models.decode_heads import ATRCHead
from mmmtl.registry import MODELS

BASE = 'from mmengine.config import read_base\n\nwith read_base():\n    from mmmtl.configs.{} import *\n\n'
ROOMS = 'baseline.aspp_resnet18_b8_2e_rooms_full'
NYUD_40 = 'baseline.multitap_vit_l16_b4_40k_nyud_40_full'
# Blocks that change a recipe: code that occurs in this block alone, and the recipe
CHANGES = {
    'type=CrossViewModule': ROOMS,
    'label_setting=dict(type=OneLabel': ROOMS,
    'type=MGDA': ROOMS,
    'type=GradientShare': 'baseline.conv_segnet_b8_2e_rooms_full',
    "regions='regions/nyuv2'": 'region_contrast.supervised_hrnet_w18s_b10_20e_nyuv2_13_full',
    'train_space=False': 'region_contrast.supervised_hrnet_w18s_b10_20e_nyuv2_13_full',
    'type=PADNetHead': 'baseline.aspp_hrnet_w18s_b8_2e_rooms_full',
    'type=ATRCHead': 'decoders.hrnet_w18s_b8_100e_nyud_40_full',
    'type=InvPTHead': NYUD_40,
    'type=FrozenBackbone': NYUD_40,
    'type=SAK': NYUD_40,
    'type=FPNHead': 'baseline.fpn_lite0_b8_2e_rooms_full',
    'depth_void=': 'baseline.aspp_resnet18_b8_30e_two_view_full',
}
TESTED_ELSEWHERE = {'docs/own_data.md'}  # on a folder of photographs: test_own_data_page.py
SLOW = {'docs/export.md'}  # 15 s per export to ONNX, which tests/export covers


def blocks(kind: str) -> list:
    found = [block for block in code_blocks('python') if block.page not in TESTED_ELSEWHERE]
    marks = dict.fromkeys(SLOW, pytest.mark.check)
    return [pytest.param(one, marks=marks.get(one.page, ())) for one in found if kind_of(one.text) == kind]


def kind_of(text: str) -> str:
    """Return what a block is: a ``config``, a ``change`` of a recipe, a ``table`` of recipes, or a ``script``."""
    if 'read_base()' in text:
        return 'config'
    if any(key in text for key in CHANGES):
        return 'change'
    return 'table' if any(line.startswith('rows = ') for line in text.splitlines()) else 'script'


def check_config(path: Path) -> None:
    """Load a config, with all its checks, and build its model without memory for parameters."""
    config = load_config(path)
    values_needed = config.model.decode_head['type'] is ATRCHead  # which checks the weights of its classes
    with torch.device('cpu' if values_needed else 'meta'):
        MODELS.build(without_pretrained(config.model))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The working folder of the blocks, with photographs; the example project is importable."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / 'projects' / 'example_project')
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    for name in ('a.jpg', 'photo.jpg'):
        Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize('block', blocks('config'), ids=str)
def test_a_config_builds(block: CodeBlock, folder: Path):
    (folder / 'config.py').write_text(block.text)
    check_config(folder / 'config.py')


@pytest.mark.parametrize('block', blocks('change'), ids=str)
def test_a_changed_recipe_builds(block: CodeBlock, folder: Path):
    (recipe,) = [recipe for key, recipe in CHANGES.items() if key in block.text]
    (folder / 'config.py').write_text(BASE.format(recipe) + block.text)
    check_config(folder / 'config.py')


@pytest.mark.parametrize('block', blocks('table'), ids=str)
def test_a_table_has_loadable_rows(block: CodeBlock, folder: Path):
    (folder / 'baseline').symlink_to(ROOT / 'configs' / 'baseline')
    (folder / 'own').mkdir()
    (folder / 'own' / 'table.py').write_text(block.text)
    rows = expand_recipes([folder / 'own' / 'table.py'])
    assert len(rows) > 1
    for row in rows:
        load_config(row)


@pytest.mark.parametrize('block', blocks('script'), ids=str)
def test_a_script_runs(block: CodeBlock, folder: Path):
    names = {'__file__': str(folder / 'script.py'), **provide(block.text, folder)}
    with patch.dict(PROTOCOLS):
        exec(compile(block.text, str(block), 'exec'), names)
        if 'mine/v1' in PROTOCOLS:
            assert {'tasks', 'test_dataloader', 'test_evaluator'} <= set(PROTOCOLS['mine/v1'].evaluation())
    for name in [name for name in names if name.startswith('test_')]:
        names[name]()
    if 'cross_task' in names:
        assert names['cross_task'] == runpy.run_path(str(ROOT / 'configs' / 'mtpsl' / 'methods.py'))['cross_task']


def provide(text: str, folder: Path) -> dict[str, object]:
    """Write the files that a script reads; return the variables that the text around it describes."""
    (folder / 'evaluation.py').write_text(BASE.format('_base_.datasets.nyuv2_13_mtan'))
    if "InferenceSession('rooms.onnx')" in text:
        pytest.importorskip('onnxruntime')
        export_model('rooms_lite0', None, 'rooms.onnx')
    for recipe, checkpoint in re.findall(r"MultiTaskInferencer\('(\S+)', '(\S+)'\)", text):
        weights = MODELS.build(without_pretrained(load_config(recipe).model)).state_dict()
        (folder / checkpoint).parent.mkdir(parents=True)
        torch.save({'state_dict': weights, 'meta': {}}, folder / checkpoint)
    pixels = np.asarray(Image.open(folder / 'photo.jpg'))
    intrinsics = np.array([[64, 0, 32], [0, 64, 24], [0, 0, 1.0]])
    return {'rgb_array': pixels, 'pil_image': Image.fromarray(pixels), 'K': intrinsics}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_options_in_prose_are_those_of_their_classes(page: Path):
    assert not [entry for span in inline_code(page) for entry in unknown_options(span)]


def unknown_options(span: str) -> list[str]:
    """Return the options of components in a span of code that their classes do not take."""
    try:
        tree = ast.parse(re.sub(r'^(\w+), (?=\w+=)(.*)', r'\1(\2)', span))  # tables write `MGDA, shared=('neck',)`
    except SyntaxError:
        return []
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        name = options.pop('type', None) if call.func.id == 'dict' else call.func
        component = classes().get(ast.unparse(name).strip("'").removeprefix('mmmtl.')) if name else None
        found += [
            f'{component.__name__}: {key}' for key in options if component and key not in accepted_arguments(component)
        ]
    return found


@cache
def classes() -> dict[str, type]:
    """All registered components by name."""
    registries = (value for value in vars(registry).values() if isinstance(value, Registry))
    return {name: component for one in registries for name, component in one.module_dict.items()}


@pytest.mark.parametrize(
    ('span', 'unknown'),
    [
        ('model.update(loss_weighting=dict(type=MGDA, share=1))', ['MGDA: share']),
        ("dict(type='mmmtl.MGDA', share=1, shared=('neck',))", ['MGDA: share']),
        ('GradNorm, alhpa=1.5', ['GradNorm: alhpa']),
        ('Depth(max_detph=80.0)', ['Depth: max_detph']),
        ('TorchJDWeighting, options=dict(alpha=1.0)', []),
        ('losses in `metres` = 2 ...', []),
    ],
)
def test_unknown_options_are_found(span: str, unknown: list[str]):
    assert unknown_options(span) == unknown


@pytest.mark.parametrize(
    'text',
    [
        "from mmmtl.models.decode_heads import AbsentHead\n\nmodel['decode_head'] = dict(type=AbsentHead)",
        "model['decode_head'].update(absent_option=1)",
        "model.update(backbone=dict(model_name='absent_model'))",
    ],
)
def test_a_wrong_config_is_found(text: str, folder: Path):
    (folder / 'config.py').write_text(BASE.format(ROOMS) + text)
    with pytest.raises((UserError, RuntimeError)):
        check_config(folder / 'config.py')
