"""A task whose predictions are fractions: probabilities, edge strength, confidence."""

from mmmtl.tasks.map_display import FractionDisplay, MapDisplay
from mmmtl.tasks.map_files import FractionFiles, MapFiles
from mmmtl.tasks.task import Task


class FractionTask(Task):
    """A task with predictions in [0, 1]: sheets draw them from 0 to 1, and files hold them times 255."""

    @property
    def display(self) -> MapDisplay:
        return FractionDisplay(self)

    @property
    def files(self) -> MapFiles:
        return FractionFiles()
