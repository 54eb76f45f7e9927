"""Errors that a user can mend: one line that names the file, key or value and says what to do."""


class UserError(Exception):
    """Something given to mmmtl is wrong; tools print the message alone, without a traceback."""


class ConfigError(UserError):
    """A config, an option or an argument is wrong."""


class DataError(UserError):
    """A data set file is missing, damaged or holds what it may not hold."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe to load or made for another architecture."""


class DivergenceError(UserError):
    """Losses or gradients are not finite."""
