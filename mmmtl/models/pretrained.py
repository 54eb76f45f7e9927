"""Load files of ``init_cfg=dict(type='Pretrained', checkpoint=FILE)`` safely, and check that they fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import CheckpointLoader
from torch import nn

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.files.weight_files import StateDictMatch, load_plain

MIN_MATCHED = 0.9  # default fraction of a part's values that its file must fill


@contextmanager
def loading_pretrained(model: nn.Module) -> Iterator[None]:
    """Context manager for ``init_weights``: read files safely and check that they fit.

    Files are read by `load_plain`, as MMEngine's readers unpickle anything if the safe way fails. For each part with
    ``init_cfg=Pretrained`` the log states what fraction of its values the file fills; less than its ``min_matched``,
    0.9 by default, raises an error.

    Args:
        model: The model, or a part of it.

    Raises:
        CheckpointError: A file cannot be read safely, or does not fit.
        ConfigError: ``min_matched`` is not a number from 0 to 1.
    """
    if CheckpointLoader._schemes[''] is read_file:  # already entered for the whole model
        yield
        return
    parts = [_Part(name, module, init) for name, module in model.named_modules() if (init := _pretrained(module))]
    schemes = CheckpointLoader._schemes
    CheckpointLoader._schemes = {scheme: refuse_url if scheme else read_file for scheme in schemes}
    try:
        yield
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        _explain(error, parts)
        raise
    finally:
        CheckpointLoader._schemes = schemes
        for part in parts:
            part.release()
    for part in parts:
        part.report()


def _pretrained(module: nn.Module) -> dict | None:
    """Return the ``init_cfg=Pretrained`` that ``init_weights`` will use, if any."""
    if not isinstance(module, BaseModule) or module.is_init:
        return None
    configs = [module.init_cfg] if isinstance(module.init_cfg, dict) else module.init_cfg or []
    return next((config for config in configs if config.get('type') in ('Pretrained', PretrainedInit)), None)


class _Part:
    """A part that is loaded from a file, and how its entries match."""

    def __init__(self, name: str, module: nn.Module, init: dict) -> None:
        self.name = f'{name} ({type(module).__name__})' if name else type(module).__name__
        self.module, self.init = module, init
        if not init.get('checkpoint'):
            raise ConfigError(f'init_cfg of {self.name}: type Pretrained needs checkpoint=FILE')
        self.min_matched = init.get('min_matched', MIN_MATCHED)
        if not isinstance(self.min_matched, int | float) or not 0 <= self.min_matched <= 1:
            raise ConfigError(f'init_cfg.min_matched: expected a number from 0 to 1, found {self.min_matched!r}')
        self.match: StateDictMatch | None = None
        init.pop('min_matched', None)  # unknown to MMEngine's initializer
        self.hook = module._register_load_state_dict_pre_hook(self.observe)

    def observe(self, state_dict: dict, prefix: str, *_: Any) -> None:
        if not prefix:  # otherwise a larger part is being loaded
            self.match = StateDictMatch.of(self.module.state_dict(), state_dict)

    def release(self) -> None:
        self.hook.remove()
        self.init['min_matched'] = self.min_matched

    def report(self) -> None:
        match = self.match or StateDictMatch.of(self.module.state_dict(), {})
        match.require(self.min_matched, self.init['checkpoint'], self.name)
        print_log(f'{self.init["checkpoint"]} -> {self.name}: {match}', logger='current')


def _explain(error: Exception, parts: list[_Part]) -> None:
    """Report an error in a part's own ``init_weights``, which may read its file itself, as a file that does not fit.

    Raises:
        CheckpointError: The error was raised for a part that is loaded from a file.
    """
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code.co_name == 'init_weights']
    for part in reversed(parts):  # inner ones first
        if any(frame.f_locals.get('self') is part.module for frame in frames):
            found = f'{part.match}; ' if part.match else ''
            reason = ' '.join(str(error).split())[:300]
            raise CheckpointError(
                f'{part.init["checkpoint"]}: does not fit {part.name}: {found}{type(error).__name__}: {reason}'
            ) from error


def read_file(filename: str, map_location: str | torch.device | None = None) -> Any:
    """Read tensors, numbers, strings, lists and dicts from a local file."""
    return load_plain(Path(filename).expanduser(), map_location)


def refuse_url(filename: str, map_location: str | torch.device | None = None) -> Any:
    """Refuse a URL.

    Raises:
        CheckpointError: Always.
    """
    raise CheckpointError(f'{filename}: weights are read from local files only; download the file and give its path')
