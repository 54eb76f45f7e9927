"""Exact solvers, by non-negative least squares, for the quadratic programs of MGDA and of the dual cone projection."""

import numpy as np
import torch
from torch import Tensor


def gramian_root(gramian: Tensor) -> np.ndarray:
    """Return a square root A (n, n) of the Gramian: A^T A = gramian. Negative eigenvalues from rounding count as 0."""
    values, vectors = torch.linalg.eigh(gramian)
    return (vectors * values.clamp(min=0).sqrt()).T.numpy()


def min_norm_weights(gramian: Tensor) -> Tensor:
    """Return the convex weights (n,) that minimize the norm of the weighted sum of n gradients, the rows of J.

    The minimizer of |J^T x|^2 + (sum(x) - 1)^2 over x >= 0 is a multiple of the solution, since for a fixed sum of x
    only the first term varies. One call of Lawson and Hanson's active-set method finds it.
    """
    from scipy.optimize import nnls  # slow to import

    root = gramian_root(gramian / gramian.trace())
    size = len(root)
    solution, _ = nnls(np.vstack([root, np.ones((1, size))]), np.append(np.zeros(size), 1.0))
    return torch.from_numpy(solution / solution.sum())


def project_onto_dual_cone(weights: Tensor, gramian: Tensor) -> Tensor:
    """Return, for each row u of ``weights`` (..., n), the v >= u that minimizes the norm of J^T v.

    J^T v is the projection of J^T u onto the dual cone of the gradients, the directions that conflict with none of them
    (Quinton and Rey, "Jacobian descent for multi-objective optimization", 2024, proposition 1). TorchJD solves the same
    problem with quadprog, which we avoid because of its licence, the GPL.
    """
    from scipy.optimize import nnls

    root = gramian_root(gramian / gramian.trace())
    rows = [u + nnls(root, -root @ u)[0] for u in weights.reshape(-1, weights.shape[-1]).numpy()]
    return torch.from_numpy(np.stack(rows)).reshape(weights.shape)
