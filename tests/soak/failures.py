"""What the soak finds."""


class Failure(AssertionError):
    """What must hold does not."""


def require(holds: bool, message: str, output: str = '') -> None:
    """Raise a Failure unless a condition holds."""
    if not holds:
        raise Failure(message + (f'\n--- output\n{output[-4000:]}' if output else ''))
