"""The page of the model zoo in the documentation."""

from collections.abc import Sequence

from mmmtl.model_zoo.models import ModelInfo

INTRODUCTION = """# Model zoo

Load a network with published weights by its name; the SHA-256 of the weights is checked:

```python
import mmmtl
from mmmtl.apis import MultiTaskInferencer, init_model

mmmtl.list_models(pretrained=True)
infer = MultiTaskInferencer('rooms_lite0')  # images in, maps out
model = init_model('rooms_lite0')  # a torch module in evaluation mode
```

The other entries are recipes with measured scores and no published weights; the section of an entry has the command
that trains it. Time and peak memory are those of one training run. Scores of depth and normals are errors
(`normal/mean` in degrees, `depth/rmse` in metres); for all others, higher is better.

`mmmtl list-models` prints the names and descriptions, and `mmmtl.model_info(NAME)` returns an entry. The entries are in
`metafile.yml` files beside the recipes, and this page is generated from them:
`mmmtl list-models --markdown > docs/model_zoo.md`.
"""


def model_zoo_page(models: Sequence[ModelInfo]) -> str:
    """Return the page in Markdown: a table of all networks, then a section for each."""
    rows = ['| name | weights | time | memory | hardware |', '| --- | --- | --- | --- | --- |']
    rows += [
        f'| [`{model.name}`](#{model.name}) | {"yes" if model.weights else "–"} | {model.time} | {model.memory} | '
        f'{model.hardware} |'
        for model in models
    ]
    return '\n'.join([INTRODUCTION, *rows, *(section(model) for model in models)]) + '\n'


def section(model: ModelInfo) -> str:
    """Return the section of one network."""
    path, _, row = model.recipe.removesuffix('.py').partition('.py::')
    link = f'[`{model.recipe}`](../configs/{path}.py)'
    # at least three significant digits, more if the entry has them
    scores = ' | '.join(max(f'{value:#.3g}', f'{value:g}', key=len) for value in model.scores.values())
    lines = [
        f'\n## {model.name}\n',
        f'{model.about} Recipe: {link}.\n',
        f'```bash\n{model.command}\n```\n',
        f'Scores on {model.data}, {"one run" if model.seeds == 1 else f"mean of {model.seeds} runs"}:\n',
        f'| {" | ".join(model.scores)} |',
        f'| {" | ".join("---:" for _ in model.scores)} |',
        f'| {scores} |',
    ]
    if model.weights:
        lines.append(f'\nWeights: `{model.weights}`, SHA-256 `{model.sha256}`.')
    return '\n'.join(lines)
