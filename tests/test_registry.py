"""MMEngine's registries resolve every scoped name before its package has been imported."""

import subprocess
import sys

import mmengine.registry
import pytest
from mmengine.registry import Registry

import mmmtl.registry

OURS = {
    name: value
    for name, value in vars(mmmtl.registry).items()
    if isinstance(value, Registry) and not name.startswith('MMENGINE_')
}
ONE_OF_EACH = {
    'DATASETS': 'SyntheticRooms',
    'DATA_SAMPLERS': 'EpochSampler',
    'TRANSFORMS': 'LoadViews',
    'MODELS': 'MultiTaskModel',
    'METRICS': 'MultiTaskMetric',
    'HOOKS': 'TrainingLogHook',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'NamedGroups',
    'PARAM_SCHEDULERS': 'GroupStepLR',
    'RUNNERS': 'MultiTaskRunner',
}


@pytest.mark.parametrize('name', sorted(OURS))
def test_it_is_a_child_of_mmengines(name):
    assert OURS[name].scope == 'mmmtl'
    if name in ('TASKS', 'LOSSES'):  # MMEngine has no such registry
        assert OURS[name].parent is None
    else:
        assert OURS[name].parent is getattr(mmengine.registry, name)


def test_all_names_are_classes_of_ours():
    for name, registry in OURS.items():
        registry.import_from_location()
        for key, value in registry.module_dict.items():
            assert value.__name__ == key and value.__doc__, f'{name}: {key}'


@pytest.mark.parametrize(('registry', 'name'), ONE_OF_EACH.items())
def test_with_the_scope_from_outside_and_without_it_inside(registry, name):
    outside = getattr(mmengine.registry, registry)
    assert outside.get(f'mmmtl.{name}') is OURS[registry].get(name) is OURS[registry].get(f'mmmtl.{name}')
    assert OURS[registry].get(name).__module__.startswith('mmmtl.')


def test_tasks_are_found_with_and_without_the_scope():
    assert OURS['TASKS'].get('Depth') is OURS['TASKS'].get('mmmtl.Depth') is not None


def test_a_name_brings_its_wing_along():
    """In a fresh process, where only `mmmtl` has been imported."""
    code = f"""
import sys
import mmengine.registry
import mmmtl
wings = [f'mmmtl.{{wing}}' for wing in ('tasks', 'datasets', 'models', 'metrics', 'hooks', 'visualization', 'apis')]
assert not [wing for wing in wings if wing in sys.modules], 'import mmmtl alone is light'
assert mmengine.registry.HOOKS.get('mmmtl.VisualizationHook').__name__ == 'VisualizationHook'
for registry, name in {ONE_OF_EACH}.items():  # the runner, which imports the most, comes last
    found = getattr(mmengine.registry, registry).get(f'mmmtl.{{name}}')
    assert found is not None and found.__name__ == name, name
assert mmmtl.registry.TASKS.get('Depth').__name__ == 'Depth'
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
