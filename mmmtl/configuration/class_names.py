"""Replace the name of a file of classes in the tasks of a config by the names and colours that it holds."""

from pathlib import Path

from mmengine.config import Config

from mmmtl.errors import ConfigError
from mmmtl.files.class_table import read_class_table

SUFFIXES = ('.txt', '.csv')


def read_class_names(config: Config) -> None:
    """Replace ``classes='FILE.txt'`` (or ``.csv``) of every task by the names in it, and ``palette`` by its colours.

    A relative path is relative to the folder of the config file. The loaded config, which checkpoints and work
    directories keep, holds the names themselves.

    Raises:
        ConfigError: ``classes`` is a string, but not the name of such a file.
        DataError: The file cannot be read (see `read_class_table`).
    """
    tasks = config.get('tasks')
    folder = Path(config.filename or '.').absolute().parent
    for name, task in tasks.items() if isinstance(tasks, dict) else ():
        classes = task.get('classes') if isinstance(task, dict) else None
        if not isinstance(classes, str):
            continue
        if '.' not in classes:
            raise ConfigError(
                f'tasks.{name}.classes: expected names, or a file {" or ".join(SUFFIXES)}, found {classes!r}'
            )
        if classes.lower().endswith(SUFFIXES):  # another dotted name is an import that a dumped config has not resolved
            table = read_class_table(folder / classes)
            task['classes'] = list(table.names)
            if table.colours and task.get('palette') is None:
                task['palette'] = [list(colour) for colour in table.colours]
