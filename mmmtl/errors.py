"""Errors that users can fix. Each message is one line that names the file, key or value and what to do."""


class UserError(Exception):
    """An error in the user's input; commands print its message without a traceback."""


class ConfigError(UserError):
    """A config, an option or an argument is invalid."""


class DataError(UserError):
    """A file of a data set is missing, damaged or has invalid content."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe to load or of another architecture."""


class DivergenceError(UserError):
    """Losses or gradients are not finite."""
