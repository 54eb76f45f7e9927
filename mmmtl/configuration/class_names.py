"""Replace the name of a file of classes in the tasks of a config by the names and colours that it holds."""

from pathlib import Path

from mmengine.config import Config

from mmmtl.files.class_table import read_class_table

SUFFIXES = ('.txt', '.csv')


def read_class_names(config: Config) -> None:
    """Replace ``classes='FILE.txt'`` (or ``.csv``) of every task by the names in it, and ``palette`` by its colours.

    A relative path is relative to the folder of the config file. The loaded config, which checkpoints and work
    directories keep, holds the names themselves.

    Raises:
        DataError: The file cannot be read (see `read_class_table`).
    """
    tasks = config.get('tasks')
    folder = Path(config.filename or '.').absolute().parent
    for task in tasks.values() if isinstance(tasks, dict) else ():
        classes = task.get('classes') if isinstance(task, dict) else None
        if isinstance(classes, str) and classes.lower().endswith(SUFFIXES):
            table = read_class_table(folder / classes)
            task['classes'] = list(table.names)
            if table.colours and task.get('palette') is None:
                task['palette'] = [list(colour) for colour in table.colours]
