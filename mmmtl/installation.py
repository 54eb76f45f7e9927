"""Check that the installed MMEngine and MMCV are the forks that mmmtl is tested with."""

from importlib.metadata import PackageNotFoundError, version

# {distribution of the fork: distributions that install the same top-level package}
FORKS = {'onedl-mmengine': ('mmengine', 'mmengine-lite'), 'onedl-mmcv': ('mmcv', 'mmcv-lite', 'mmcv-full')}


def check_forks() -> None:
    """Check that each fork is installed and that no other distribution has written into its package.

    ``onedl-mmengine`` and ``mmengine`` both install the folder ``mmengine``. pip does not notice: the files of the one
    installed last replace those of the other, and removing one removes files that both have.

    Raises:
        ImportError: A fork is missing, or the original is installed beside it or instead of it. The message gives
            the command that fixes it.
    """
    for fork, originals in FORKS.items():
        others = [f'{name} {number}' for name in originals if (number := _version(name))]
        fork_version = _version(fork)
        if fork_version and not others:
            continue
        if not others:
            raise ImportError(f'mmmtl needs {fork}, which is not installed; run: pip install {fork}')
        found = [*others, fork] if fork_version else others
        ending = ', which install the same files' if fork_version else ''
        remove = ' '.join(entry.split()[0] for entry in found)
        raise ImportError(
            f'mmmtl needs {fork} alone, found {" and ".join(found)}{ending}; '
            f'run: pip uninstall -y {remove} && pip install {fork}'
        )


def _version(distribution: str) -> str | None:
    """Return the version of a distribution; None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
