"""Load a local file of weights into a model of timm, which renames the keys of older layouts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mmengine.logging import print_log
from torch import Tensor, nn

from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import StateDictMatch, read_state_dict
from mmmtl.models.backbones.efficientnet_names import timm_names

AFTER_FEATURES = 'pre_logits.'  # VGG's two largest layers; features do not use them, so a file may lack them


@dataclass(frozen=True)
class TimmCheckpoint:
    """A local file of weights.

    Args:
        file: ``.safetensors`` or ``weights_only`` PyTorch file.
        min_matched: Fraction of the model's values that the file has to fill. Below 1, parameters that the file lacks
            keep their initial values; with 1, an entry that only the file has raises an error too, unless it is part of
            the classifier.
    """

    file: str
    min_matched: float = 1.0

    def load(
        self, model_name: str, create: Callable[[dict], tuple[nn.Module, bool]], options: dict
    ) -> tuple[nn.Module, bool]:
        """Create a model with these weights, and check strictly what timm loads.

        Args:
            model_name: timm's name.
            create: Creates the model with options, and returns what this method returns.
            options: Options of ``timm.create_model``.

        Raises:
            CheckpointError: The file is unreadable or does not fit.
        """
        import timm

        state_dict = read_state_dict(self.file)
        config = timm.get_pretrained_cfg(model_name)
        classifiers: str | Sequence[str] = (config.classifier if config else None) or ()
        prefixes = tuple(f'{name}.' for name in ((classifiers,) if isinstance(classifiers, str) else classifiers))
        without_classifier = {key: value for key, value in state_dict.items() if not key.startswith(prefixes)}
        overlay = dict(state_dict=without_classifier, source='timm', num_classes=0)
        try:
            with _checked_loading(self.file, model_name, self.min_matched):
                return create(dict(options, pretrained=True, pretrained_cfg_overlay=overlay))
        except (AttributeError, IndexError, KeyError, RuntimeError) as error:  # raised by timm's renaming of keys
            reason = ' '.join(str(error).split())[:500]
            raise CheckpointError(
                f'{self.file} does not fit {model_name!r}: {type(error).__name__}: {reason}'
            ) from None


@contextmanager
def _checked_loading(path: str, model_name: str, min_matched: float) -> Iterator[None]:
    """Check what timm loads: it builds the model, renames keys and loads in one call, without a report."""
    load = nn.Module.load_state_dict

    def checked(model: nn.Module, state_dict: Mapping[str, Tensor], *args: Any, **kwargs: Any) -> Any:
        model_state = model.state_dict()
        if model_name.startswith('tf_efficientnet'):  # other EfficientNets pad differently
            state_dict, kwargs = timm_names(state_dict, model_state), dict(strict=True)
        unused = {key: value for key, value in model_state.items() if key.startswith(AFTER_FEATURES)}
        match = StateDictMatch.of({key: value for key, value in model_state.items() if key not in unused}, state_dict)
        match.require(min_matched, path, repr(model_name))
        print_log(f'{path} -> {model_name}: {match}', logger='current')
        if min_matched < 1:
            fitting = {key: value for key, value in state_dict.items() if key not in match.ignored}
            return load(model, fitting, strict=False)
        return load(model, {**unused, **state_dict}, *args, **kwargs)

    patched: Any = nn.Module
    patched.load_state_dict = checked
    try:
        yield
    finally:
        patched.load_state_dict = load
