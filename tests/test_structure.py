"""Parts answer by their contract: no questions by name in `mmmtl/models`, and few constructor arguments."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmmtl'
MAX_ARGUMENTS = 8
# Objects of other libraries, whose attributes vary; no part of ours is among them.
OTHER_LIBRARIES = {
    'backbones/timm_backbone.py': ["getattr(self.model, 'output_fmt', Format.NCHW)"],
    'loss_weighting/torchjd_weighting.py': ["getattr(aggregation, f'{method}Weighting')"],
}
# Files that cannot be loaded: timm's and MMEngine's own renaming of keys fails in many ways.
FOREIGN_FAILURES = {'backbones/timm_checkpoint.py', 'pretrained.py'}


def questions(tree: ast.AST) -> Iterator[str]:
    """Yield the expressions that ask an object for an attribute by name, or compare the name of a class."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id='getattr' | 'hasattr' | 'setattr')):
                yield ast.unparse(node)
            case ast.ExceptHandler(type=kind) if kind is not None and 'AttributeError' in ast.unparse(kind):
                yield f'except {ast.unparse(kind)}'
            case ast.Compare() if any(
                isinstance(part, ast.Attribute) and part.attr in ('__name__', '__qualname__') for part in ast.walk(node)
            ):
                yield ast.unparse(node)
            case ast.Name(id='runtime_checkable') | ast.Attribute(attr='runtime_checkable'):
                yield 'runtime_checkable'


def arguments(cls: ast.ClassDef) -> list[str]:
    """Return the constructor arguments of a class but `self`, MMEngine's `init_cfg` and `**kwargs`."""
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == '__init__':
            own = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            return [argument.arg for argument in own if argument.arg not in ('self', 'init_cfg')]
    decorators = [ast.unparse(decorator) for decorator in cls.decorator_list]
    if any(name.startswith('dataclass') for name in decorators):
        return [ast.unparse(node.target) for node in cls.body if isinstance(node, ast.AnnAssign)]
    return []


def is_record(path: Path, cls: ast.ClassDef) -> bool:
    """Whether a class outside of the models only lists data, as a dataclass does."""
    return PACKAGE / 'models' not in path.parents and any('dataclass' in ast.unparse(d) for d in cls.decorator_list)


def test_models_ask_no_part_by_name():
    found = {}
    for path in sorted((PACKAGE / 'models').rglob('*.py')):
        name = path.relative_to(PACKAGE / 'models').as_posix()
        asked = [text for text in questions(ast.parse(path.read_text())) if text not in OTHER_LIBRARIES.get(name, ())]
        if name in FOREIGN_FAILURES:
            asked = [text for text in asked if not text.startswith('except')]
        if asked:
            found[name] = asked
    assert not found


@pytest.mark.parametrize(
    'code',
    [
        "x = getattr(neck, 'needs_views', False)",
        "if hasattr(part, 'explain'): pass",
        'try:\n    part.explain\nexcept AttributeError: pass',
        'try:\n    part.explain\nexcept (KeyError, AttributeError): pass',
        "if type(part).__name__ == 'CrossViewModule': pass",
        '@runtime_checkable\nclass P(Protocol): pass',
    ],
)
def test_a_question_is_found(code):
    assert len(list(questions(ast.parse(code)))) == 1


def test_constructors_take_few_arguments():
    found = {}
    for path in sorted(PACKAGE.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not is_record(path, node) and len(arguments(node)) > MAX_ARGUMENTS:
                found[node.name] = arguments(node)
    assert not found


def test_arguments_are_counted():
    code = (
        'class A:\n    def __init__(self, a, /, b, *, c, init_cfg=None, **kwargs): pass\n'
        '@dataclass\nclass B:\n    a: int\n    b: int'
    )
    first, second = ast.parse(code).body
    assert arguments(first) == ['a', 'b', 'c'] and arguments(second) == ['a', 'b']
