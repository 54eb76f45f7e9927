"""Tasks of published multi-task networks: their names, and placeholders with the right number of channels."""

from collections.abc import Mapping

from mmmtl.tasks import Depth, SemSeg, Task

NAMES = {'normals': 'normal', 'sal': 'saliency'}  # published name -> ours; other tasks have the same name


def task_name(published: str) -> str:
    """Return our name of a task."""
    return NAMES.get(published, published)


def placeholder_tasks(channels: Mapping[str, int]) -> dict[str, Task]:
    """Return a task with the given number of channels for each name, for models of which only the shapes matter."""
    return {
        name: SemSeg(name, [str(index) for index in range(count)]) if count > 1 else Depth(name)
        for name, count in channels.items()
    }
