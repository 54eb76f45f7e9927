"""The folder that predictions are written to, with the settings that they were made with."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output
from mmmtl.files.text_files import read_text
from mmmtl.predictions.image_sources import SourceImage
from mmmtl.predictions.output_files import WRITERS, Prediction
from mmmtl.tasks import Task

SETTINGS = 'settings.json'


class PredictionFolder:
    """A folder of predictions. Files are written under a temporary name and renamed, so that each is complete.

    Args:
        root: Path of the folder.
        writers: Keys of `mmmtl.predictions.output_files.WRITERS`.
        tasks: Tasks of the network.
        settings: Settings that the predictions depend on, as plain values; stored in ``settings.json``.
        overwrite: Whether to predict finished images again.

    Raises:
        DataError: The folder has predictions with different settings, and ``overwrite`` is not set.
    """

    def __init__(
        self,
        root: Path,
        writers: Sequence[str],
        tasks: Mapping[str, Task],
        settings: Mapping[str, Any],
        overwrite: bool = False,
    ) -> None:
        self.output, self.overwrite = Output(root), overwrite
        self.writers, self.tasks = [WRITERS[name] for name in writers], tasks
        if overwrite or not (root / SETTINGS).exists():
            self.output.write(SETTINGS, dict(settings))
        check_settings(root / SETTINGS, settings)
        self.start = (root / SETTINGS).stat().st_mtime_ns

    def has(self, image: SourceImage) -> bool:
        """Return whether all files of an image exist, are complete and are newer than the settings and the image."""
        suffixes = dict.fromkeys(suffix for writer in self.writers for suffix in writer.suffixes(self.tasks))
        names = [f'{image.name}{suffix}' for suffix in suffixes]
        if self.overwrite or not image.file.is_file() or not self.output.has(*names):
            return False
        written = min((self.output.root / name).stat().st_mtime_ns for name in names)
        return written >= max(self.start, image.file.stat().st_mtime_ns)

    def write(self, name: str, prediction: Prediction) -> None:
        """Write the files of an image."""
        contents = {suffix: data for writer in self.writers for suffix, data in writer.encode(prediction).items()}
        for suffix, content in contents.items():
            self.output.write(f'{name}{suffix}', content)


def check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Check that the predictions of a folder were made with these settings.

    Raises:
        DataError: They differ, or the file cannot be read.
    """
    try:
        found = json.loads(read_text(path))
        stored = {name: found.get(name) for name in settings}
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f'{path}: cannot be read ({error}); delete it, or use --overwrite') from None
    for name, value in json.loads(json.dumps(settings)).items():
        if stored[name] != value:
            raise DataError(
                f'{path}: the predictions in this folder were made with {name} = {stored[name]}, not {value}; '
                'choose another folder: --out, or replace them: --overwrite'
            )
