"""What the soak finds."""


class Fault(AssertionError):
    """What must hold does not."""


def require(holds: bool, message: str, output: str = '') -> None:
    """Raise a Fault unless a condition holds."""
    if not holds:
        raise Fault(message + (f'\n--- output\n{output[-4000:]}' if output else ''))
