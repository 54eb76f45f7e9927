"""Runs of 15 iterations that are interrupted and resumed, and the comparison of their last checkpoints."""

from typing import Any

import torch
from tool_process import CONFIGS

LOOPS = {'epochs': CONFIGS / 'tiny_rooms.py', 'iterations': CONFIGS / 'tiny_rooms_iterations.py'}
LAST = {'epochs': 'epoch_5.pth', 'iterations': 'iter_15.pth'}
WALL_TIME = ('/time', '/data_time', '/memory')


def differences(expected: Any, found: Any, place: str = '') -> list[str]:
    """Where two checkpoints differ, but for names, paths and times."""
    if place in ('/meta/experiment_name', '/meta/config', '/meta/time') or place.rsplit('|')[-1].endswith(WALL_TIME):
        return []
    if isinstance(expected, torch.Tensor):
        return [] if torch.equal(expected, found) or bool((expected.isnan() & found.isnan()).all()) else [place]
    if isinstance(expected, dict):
        if expected.keys() != found.keys():
            return [f'{place}: {expected.keys() ^ found.keys()}']
        return [text for key in expected for text in differences(expected[key], found[key], f'{place}/{key}')]
    if isinstance(expected, list):
        if len(expected) != len(found):
            return [f'{place}: {len(expected)} and {len(found)} entries']
        pairs = enumerate(zip(expected, found, strict=True))
        return [text for number, (a, b) in pairs for text in differences(a, b, f'{place}/{number}')]
    return [] if expected == found or expected != expected and found != found else [f'{place}: {expected} and {found}']
