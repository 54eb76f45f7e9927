"""The two small quadratic programs of gradient balancing, solved exactly by non-negative least squares."""

import numpy as np
import torch
from torch import Tensor


def gramian_root(gramian: Tensor) -> np.ndarray:
    """Return A (n, n) with A^T A = the Gramian (n, n), which is positive semi-definite up to rounding."""
    values, vectors = torch.linalg.eigh(gramian)
    return (vectors * values.clamp(min=0).sqrt()).T.numpy()


def min_norm_weights(gramian: Tensor) -> Tensor:
    """Return the convex weights (n,) that minimise the norm of the combination of n gradients.

    Among x >= 0 of any fixed sum, |J^T x|^2 + (sum x - 1)^2 is minimal in the direction of the solution, so one call of
    Lawson and Hanson's active-set method finds it.
    """
    from scipy.optimize import nnls  # slow to import

    root = gramian_root(gramian / gramian.trace())
    size = len(root)
    found, _ = nnls(np.vstack([root, np.ones((1, size))]), np.append(np.zeros(size), 1.0))
    return torch.from_numpy(found / found.sum())


def project_onto_dual_cone(wanted: Tensor, gramian: Tensor) -> Tensor:
    """Return the weights v >= u of minimal combination norm, for each row u of ``wanted`` (..., n).

    J^T v is the projection of J^T u onto the directions that conflict with no gradient (Quinton and Rey, "Jacobian
    descent for multi-objective optimization", 2024, proposition 1). torchjd solves it by quadprog, which is under the
    GPL.
    """
    from scipy.optimize import nnls

    root = gramian_root(gramian / gramian.trace())
    rows = [u + nnls(root, -root @ u)[0] for u in wanted.reshape(-1, wanted.shape[-1]).numpy()]
    return torch.from_numpy(np.stack(rows)).reshape(wanted.shape)
