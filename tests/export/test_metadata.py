"""Tasks are described by plain strings and built from them, without executing anything."""

import json

import pytest
from small_export import small_export

from mmmtl.apis import init_model
from mmmtl.errors import DataError
from mmmtl.export.metadata import describe, read_tasks


def test_tasks_are_read_back(tmp_path):
    config, checkpoint = small_export(tmp_path)
    model = init_model(config, checkpoint)
    metadata = describe(model, config, probabilities=False, views=1)
    assert all(isinstance(value, str) for value in metadata.values())
    tasks = read_tasks(metadata, 'a.onnx')
    assert {name: type(task) for name, task in tasks.items()} == {n: type(task) for n, task in model.tasks.items()}
    assert tasks['semseg'].classes == ('a', 'b', 'c', 'd')
    entries = json.loads(metadata['tasks'])
    assert entries['depth']['unit'].startswith('metres') and entries['edge']['unit'] == 'probabilities'


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        ('{"a": {"type": "os.system", "options": {}}}', "task 'a' is os.system"),
        ('{"a": {"type": "Task", "options": {}}}', "task 'a' cannot be built"),
        ('{"a": {"type": "SemSeg", "options": {"classes": 3}}}', "task 'a' cannot be built"),
        ('{"a": 3}', 'damaged'),
        ('[1]', 'damaged'),
        ('{', 'not written by mmmtl export'),
    ],
)
def test_other_metadata_are_refused(entry, message):
    with pytest.raises(DataError, match=f'^a.onnx: .*{message}'):
        read_tasks({'tasks': entry}, 'a.onnx')
