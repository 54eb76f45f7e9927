"""The two small quadratic programs of gradient balancing, solved exactly by non-negative least squares."""

import numpy as np
import torch
from torch import Tensor


def square_root(gramian: Tensor) -> np.ndarray:
    """A (n, n) with A^T A = the Gramian (n, n), positive semi-definite but for rounding."""
    values, vectors = torch.linalg.eigh(gramian)
    return (vectors * values.clamp(min=0).sqrt()).T.numpy()


def smallest_combination(gramian: Tensor) -> Tensor:
    """The convex weights (n,) whose combination of n gradients is the shortest.

    For x >= 0 with a given sum, |J^T x|^2 + (sum x - 1)^2 is least in the direction of the answer, whatever the sum, so
    one call of Lawson and Hanson's active-set method gives it.
    """
    from scipy.optimize import nnls  # slow to import

    root = square_root(gramian / gramian.trace())
    size = len(root)
    found, _ = nnls(np.vstack([root, np.ones((1, size))]), np.append(np.zeros(size), 1.0))
    return torch.from_numpy(found / found.sum())


def project_onto_dual_cone(wanted: Tensor, gramian: Tensor) -> Tensor:
    """Weights v >= u with the shortest combination, for each row u of ``wanted`` (..., n).

    J^T v is the projection of J^T u onto the directions that no gradient opposes (Quinton and Rey, "Jacobian descent
    for multi-objective optimization", 2024, proposition 1). torchjd solves it by quadprog, which is under the GPL.
    """
    from scipy.optimize import nnls

    root = square_root(gramian / gramian.trace())
    rows = [u + nnls(root, -root @ u)[0] for u in wanted.reshape(-1, wanted.shape[-1]).numpy()]
    return torch.from_numpy(np.stack(rows)).reshape(wanted.shape)
