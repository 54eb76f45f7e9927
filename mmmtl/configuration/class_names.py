"""Replace the name of a file of classes in the tasks of a config by the names and colours that it holds."""

from pathlib import Path

from mmengine.config import Config

from mmmtl.files.class_table import read_class_table


def read_class_names(config: Config) -> None:
    """Replace ``classes='FILE'`` of every task by the names in the file, and set ``palette`` to its colours.

    A relative path is relative to the folder of the config file. The loaded config, which checkpoints and work
    directories keep, holds the names themselves.

    Raises:
        DataError: The file cannot be read (see `read_class_table`).
    """
    tasks = config.get('tasks')
    folder = Path(config.filename or '.').absolute().parent
    for task in tasks.values() if isinstance(tasks, dict) else ():
        if isinstance(task, dict) and isinstance(task.get('classes'), str):
            table = read_class_table(folder / task['classes'])
            task['classes'] = list(table.names)
            if table.colours:
                task.setdefault('palette', [list(colour) for colour in table.colours])
