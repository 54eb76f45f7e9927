"""The figure of loss weightings: two task gradients in a plane, and the directions that weightings make of them."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from style import GREY, save

from mmmtl.models.loss_weighting import MGDA, GradVac, NashMTL, TorchJDWeighting

GRADIENTS = {  # of two tasks, as rows
    'similar directions': [[2.0, 0.4], [0.5, 1.0]],
    'a conflict': [[2.0, 0.3], [-0.9, 0.9]],
}
TASKS = ('a', 'b')
WEIGHTINGS = {
    'uniform': None,
    'MGDA': MGDA(TASKS),
    'PCGrad': TorchJDWeighting(TASKS, method='PCGrad'),
    'IMTL-G': TorchJDWeighting(TASKS, method='IMTLG'),
    'Nash-MTL': NashMTL(TASKS),
    'Aligned-MTL': TorchJDWeighting(TASKS, method='AlignedMTL'),
    'UPGrad': TorchJDWeighting(TASKS, method='UPGrad'),
    'GradVac': GradVac(TASKS),
}


def weights_of(name: str, gradients: torch.Tensor) -> torch.Tensor:
    """Return the weights of the two tasks in the first iteration of training."""
    weighting = WEIGHTINGS[name]
    if weighting is None:
        return torch.ones(2, dtype=torch.float64)
    return weighting.solve(gradients @ gradients.T, torch.ones(2).double(), torch.arange(2), weighting.state)[0]


def main() -> None:
    """Draw the figure."""
    figure, axes = plt.subplots(1, 2, figsize=(10.2, 4.2), constrained_layout=True)
    for axis, (title, rows) in zip(axes, GRADIENTS.items(), strict=True):
        gradients = torch.tensor(rows, dtype=torch.float64)
        for gradient, label in zip(rows, ('$g_1$', '$g_2$'), strict=True):
            axis.annotate('', gradient, (0, 0), arrowprops=dict(arrowstyle='-|>', color='black', linewidth=2))
            axis.annotate(label, gradient, xytext=(5, 4), textcoords='offset points', fontsize=12)
        axis.plot(*np.array(rows).T, color=GREY, linewidth=0.8, linestyle=':')
        for index, name in enumerate(WEIGHTINGS):
            weights = weights_of(name, gradients)
            x, y = (weights @ gradients).tolist()
            colour = plt.get_cmap('tab10')(index)
            axis.plot([0, x], [0, y], color=colour, linewidth=1)
            label = f'{name}: ' + ', '.join(f'{weight:.2f}' for weight in weights)
            axis.plot(x, y, 'oPsD^v<>'[index], color=colour, markersize=6, label=label)
        axis.plot(0, 0, 'o', color='black', markersize=4)
        axis.set(title=f'{title}: combined gradients and weights', aspect='equal', xticks=[], yticks=[])
        axis.legend(fontsize=8, loc='upper left', bbox_to_anchor=(1, 1), frameon=False)
    save(figure, 'task_gradients.png')


if __name__ == '__main__':
    main()
