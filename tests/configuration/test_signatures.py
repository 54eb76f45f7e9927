"""Arguments and their types, as signatures state them."""

from mmengine.hooks import CheckpointHook, EMAHook
from mmengine.runner import EpochBasedTrainLoop

from mmmtl.configuration.signatures import ANYTHING, accepted_arguments, argument_types
from mmmtl.tasks import Depth, Normal


def test_accepted_arguments():
    class Base:
        def __init__(self, *, base: int = 0) -> None: ...

    class Child(Base):
        def __init__(self, own: int, **kwargs) -> None: ...

    class Open:
        def __init__(self, own: int, **kwargs) -> None: ...

    class Empty: ...

    assert accepted_arguments(Child) == {'own', 'base'}
    assert accepted_arguments(Open) is ANYTHING and 'whatever' in ANYTHING
    assert accepted_arguments(Empty) == set()
    assert accepted_arguments(lambda a, *, b=1: None) == {'a', 'b'}
    assert accepted_arguments(Depth) == {
        'name',
        'display_range',
        'min_depth',
        'max_depth',
        'crop',
        'loss',
        'interpolation',
        'encoding',
    }
    assert accepted_arguments(Normal) == {'name', 'loss'}


def test_types_of_a_child_go_before_those_of_its_parents():
    class Base:
        def __init__(self, size: int, *, base: int = 0) -> None: ...

    class Child(Base):
        def __init__(self, size: float, untyped, **kwargs) -> None: ...

    class Closed(Child):
        def __init__(self, own: str) -> None: ...

    assert {name: argument_types(Child)[name] for name in ('size', 'base')} == {'size': float, 'base': int}
    assert 'untyped' not in argument_types(Child)
    assert argument_types(Closed).keys() - {'return'} == {'own'}


def test_a_type_that_cannot_be_resolved_is_left_out():
    class Strange:
        def __init__(self, size: 'NowhereDefined') -> None: ...  # noqa: F821

    assert argument_types(Strange) == {}


def test_types_in_mmengine():
    assert argument_types(EpochBasedTrainLoop)['max_epochs'] is int
    assert argument_types(CheckpointHook)['interval'] is int and argument_types(EMAHook)['begin_iter'] is int
