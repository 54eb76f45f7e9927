"""What pip needs to know: name, version, requirements and extras (`pip install -e .[test]`)."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r"^__version__ = '(.+)'$", (HERE / 'mmmtl' / '__init__.py').read_text(), re.MULTILINE).group(1)
README = HERE / 'README.md'

REQUIRES = [
    'onedl-mmengine>=0.10.12',
    'onedl-mmcv>=2.3.6',
    'onedl-mmsegmentation>=1.4.2',
    'timm>=1.0',
    'torch>=2.4',
    'torchvision',
    'numpy>=2',
    'scipy',
    'scikit-image',
    'h5py',  # NYU's labelled .mat file
    'trimesh',
    'embreex',  # the ray caster under trimesh
    'filelock',
    'tqdm',
]

# The solvers that torchjd's UPGrad, DualProj and Nash-MTL want are left out on purpose: quadprog and ecos are under the
# GPL. Ours stand in for them.
WEIGHTING = ['torchjd[cagrad,fairgrad]>=0.18,<0.19']
REGIONS = ['segment-anything']
TEST = ['pytest>=8', 'pytest-xdist>=3.6', 'hypothesis', 'PyYAML', *WEIGHTING, *REGIONS]

EXTRAS = {
    'weighting': WEIGHTING,
    'regions': REGIONS,
    'poses': ['pycolmap>=4'],
    'export': ['onnx', 'onnxscript', 'onnxruntime'],
    'demo': ['gradio>=6'],
    'test': TEST,
    'dev': [*TEST, 'ruff'],
}

setup(
    name='mmmtl',
    version=VERSION,
    description='Multi-task dense prediction on MMEngine',
    long_description=README.read_text() if README.is_file() else '',
    long_description_content_type='text/markdown',
    author='The mmmtl authors',
    license='Apache-2.0',
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    python_requires='>=3.11',
    # Makes an editable install a plain path entry: from the folder above a clone, which is named like the package, a
    # finder's entry would lose against that folder as an empty namespace package.
    package_dir={'': '.'},
    packages=find_packages(include=['mmmtl', 'mmmtl.*']),
    package_data={'mmmtl': ['**/*.json', '**/*.csv', '**/*.txt']},
    install_requires=REQUIRES,
    extras_require=EXTRAS,
)
