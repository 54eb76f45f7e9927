"""Errors that users can fix. Each message is one line that names the file, key or value and what to do."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class if it has no message."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


class UserError(Exception):
    """An error in the user's input; commands print its message without a traceback."""


class ConfigError(UserError):
    """A config, an option or an argument is invalid."""


class WorkDirInUseError(ConfigError):
    """Another run writes to a work dir."""


class DataError(UserError):
    """A file of a dataset is missing, damaged or has invalid content."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe to load or of a different architecture."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint cannot be read, because it is damaged or something else.

    Args:
        reason: The file and what is wrong with it.
        remedy: What to do.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)  # both, so that the error can be pickled
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        return f'{self.reason}; {self.remedy}'


class DivergenceError(UserError):
    """Losses or gradients are not finite."""
