"""Files of weights that a config names."""

from pathlib import Path

from mmengine.config import Config

from mmmtl.configuration.recipe_digest import flatten_recipe
from mmmtl.files.checksums import file_sha256


def weight_files(config: Config) -> dict[str, str]:
    """Return the SHA-256 of every local file that an entry ``checkpoint`` of a recipe names.

    The digest of a recipe contains only the name of such a file, which may get new content.

    Args:
        config: A config, as `load_config` returns it.

    Returns:
        ``{'model.backbone.init_cfg.checkpoint': '3f...'}``; entries that name no existing file are ignored.
    """
    named = {
        path: Path(value)
        for path, value in flatten_recipe(config).items()
        if path.rpartition('.')[2] == 'checkpoint' and isinstance(value, str)
    }
    return {path: file_sha256(file) for path, file in named.items() if file.is_file()}
