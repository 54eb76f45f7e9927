"""The parts of `make gpu` in order; those that are useful by themselves come first."""

from dataclasses import dataclass

SEEDS = (0, 1, 2)
ROWS = (  # of rooms.py
    'segnet_supervised',
    'segnet_cross_task',
    'segnet_region_gaussian',
    'hrnet_supervised',
    'hrnet_cross_task',
    'hrnet_region_gaussian',
)


@dataclass(frozen=True)
class Part:
    """A measurement that runs in its own process.

    Args:
        name: Its name in the results.
        arguments: Arguments of ``measure.py``: the measurement and its options.
        minutes: Expected duration on one H200. A part starts only if this much time is left in the call, and is stopped
            after twice as long.
    """

    name: str
    arguments: tuple[str, ...]
    minutes: float


PARTS = (
    Part('device', ('device',), 0.5),
    Part('tests', ('tests',), 3.0),
    *(Part(f'step_{method}', ('step', method), 0.8) for method in ('mtpsl', 'region_contrast', 'pseudo_mtl', 'cvm')),
    Part('cost_volume', ('cost_volume',), 0.5),
    Part('region_contrast', ('region_contrast',), 1.0),
    Part('mapping', ('mapping',), 0.5),
    Part('render', ('render',), 1.0),
    *(Part(f'rooms_{row}_seed_{seed}', ('rooms', row, str(seed)), 1.7) for seed in SEEDS for row in ROWS),
)


def parts(dry_run: bool = False) -> tuple[Part, ...]:
    """Return the parts of a run; a dry run skips all seeds but the first."""
    later = {str(seed) for seed in SEEDS[1:]}
    return tuple(part for part in PARTS if not (dry_run and part.arguments[-1] in later))
