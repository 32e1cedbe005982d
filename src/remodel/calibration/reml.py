"""Spreads between trials by restricted maximum likelihood, with exact gradients.

The residuals of a fit are linear in the parameters near its end, r - J d, and normal with the
covariance V of ``predictions.covariance``. With the parameters integrated out, twice the negative
logarithm of the likelihood is

    log det V + (r - J d)' V^-1 (r - J d) + |theta + d|^2 + log det (J' V^-1 J + 1)

at the best step d, where the priors of the parameters are standard normal (none of it for
parameters without a prior). The logarithms of sizes, shares and factors have normal priors, which
draw those of classes with few numbers toward the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import SolverError
from remodel.predictions.covariance import Block
from remodel.predictions.spreads import (
    DENSITY,
    DEVIATIONS,
    Spreads,
    kind_of,
    usual_share,
    usual_size,
)

# Standard deviations of the priors of logarithms: a size may be half or twice what is usual, a
# class a third more or less than the others.
_SIZE_SD, _SHARE_SD, _FACTOR_SD = 0.7, 0.7, 0.35
_GROWTH_SD = 0.25
_VISIT_SD = 0.7
_USUAL = Spreads()
_SMALLEST = 1e-8  # information on a parameter without a prior, so that its determinant exists


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The numbers that spreads are made of, as one vector.

    Attributes
    ----------
    names : tuple of tuple of str
        ``("size", endpoint)``, ``("share", kind, deviation)``, ``("factor", kind, group)``,
        ``("growth",)`` and ``("visit_months",)``.
    center, sd : ndarray, shape (k,)
        Of their normal priors; logarithms, but for the growth.
    """

    names: tuple[tuple[str, ...], ...]
    center: FloatArray
    sd: FloatArray

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Self:
        """Return those that some numbers are about."""
        endpoints = sorted({str(name) for block in blocks for name in block.points.endpoint})
        pairs = sorted(
            {
                (kind_of(str(e)), str(g))
                for block in blocks
                for e, g in zip(block.points.endpoint, block.points.group, strict=True)
            }
        )
        kinds = sorted({kind for kind, _ in pairs})
        rows: list[tuple[tuple[str, ...], float, float]] = []
        rows += [(("size", e), np.log(usual_size(e)), _SIZE_SD) for e in endpoints]
        shares = [("share", kind, name) for kind in kinds for name in DEVIATIONS]
        rows += [(name, np.log(usual_share()), _SHARE_SD) for name in shares]
        rows += [(("factor", *pair), 0.0, _FACTOR_SD) for pair in pairs]
        if DENSITY in kinds:
            rows.append((("growth",), _USUAL.growth, _GROWTH_SD))
        rows.append((("visit_months",), np.log(_USUAL.visit_months), _VISIT_SD))
        names, centers, sds = zip(*rows, strict=True)
        return cls(tuple(names), np.array(centers), np.array(sds))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.names)

    def vector(self, spreads: Spreads) -> FloatArray:
        """Return the numbers of spreads, those that are not there at their centers."""
        values: dict[tuple[str, ...], float] = {
            ("growth",): spreads.growth,
            ("visit_months",): np.log(spreads.visit_months),
        }
        values |= {("size", name): np.log(v) for name, v in spreads.size.items()}
        values |= {("share", *key): np.log(v) for key, v in spreads.share.items()}
        values |= {("factor", *key): np.log(v) for key, v in spreads.factor.items()}
        centers = zip(self.names, self.center, strict=True)
        return np.array([float(values.get(name, center)) for name, center in centers])

    def spreads(self, vector: FloatArray, about: str = "") -> Spreads:
        """Return the spreads of a vector."""
        values = dict(zip(self.names, map(float, vector), strict=True))

        def chosen(kind: str) -> dict[tuple[str, ...], float]:
            return {n[1:]: float(np.exp(v)) for n, v in values.items() if n[0] == kind}

        return Spreads(
            size={name: v for (name,), v in chosen("size").items()},
            share={(kind, name): v for (kind, name), v in chosen("share").items()},
            factor={(kind, name): v for (kind, name), v in chosen("factor").items()},
            growth=values.get(("growth",), _USUAL.growth),
            visit_months=float(np.exp(values[("visit_months",)])),
            about=about,
        )

    def slopes(self, block: Block, deviation: str) -> FloatArray:
        """Return derivatives of the logarithms of standard deviations, shape (m, k)."""
        points = block.points
        index = {name: j for j, name in enumerate(self.names)}
        slopes = np.zeros((len(points), len(self)))
        pairs = zip(points.endpoint, points.group, strict=True)
        for i, (endpoint, group) in enumerate(pairs):
            kind = kind_of(endpoint)
            slopes[i, index["size", str(endpoint)]] = 1.0
            slopes[i, index["share", kind, deviation]] = 1.0
            if deviation in ("arm", "visit"):
                slopes[i, index["factor", kind, str(group)]] = 1.0
        if ("growth",) in index and deviation != "visit":
            slopes[:, index[("growth",)]] = points.years * points.is_density
        return slopes


@dataclass(frozen=True, slots=True)
class Marginal:
    """The restricted likelihood of spreads, and its priors.

    Attributes
    ----------
    blocks : tuple of Block
        Without inequalities and values beyond a limit of detection.
    hyperparameters : Hyperparameters
    residuals : ndarray, shape (n,)
        Observed minus predicted at ``theta``; only those of the blocks are read.
    jacobian : ndarray, shape (n, p)
        Derivatives of the predictions by the inner coordinates.
    theta : ndarray, shape (p,)
    precision : ndarray, shape (p,)
        Of the priors of the parameters: 1, or 0 without one.
    """

    blocks: tuple[Block, ...]
    hyperparameters: Hyperparameters
    residuals: FloatArray
    jacobian: FloatArray
    theta: FloatArray
    precision: FloatArray
    slopes: tuple[tuple[FloatArray, ...], ...]

    @classmethod
    def of(
        cls,
        blocks: Sequence[Block],
        residuals: FloatArray,
        jacobian: FloatArray,
        theta: FloatArray,
        precision: FloatArray,
        hyperparameters: Hyperparameters | None = None,
    ) -> Self:
        """Return the likelihood of residuals."""
        h = Hyperparameters.of(blocks) if hyperparameters is None else hyperparameters
        slopes = tuple(tuple(h.slopes(block, name) for name in DEVIATIONS) for block in blocks)
        return cls(tuple(blocks), h, residuals, jacobian, theta, precision, slopes)

    def without(self, cohort: str) -> Self:
        """Return the likelihood without the numbers of a cohort."""
        kept = [i for i, block in enumerate(self.blocks) if block.cohort != cohort]
        return replace(
            self,
            blocks=tuple(self.blocks[i] for i in kept),
            slopes=tuple(self.slopes[i] for i in kept),
        )

    def value_and_gradient(self, vector: FloatArray) -> tuple[float, FloatArray]:
        """Return the negative logarithm of the likelihood and priors, and its derivatives."""
        h = self.hyperparameters
        spreads = h.spreads(vector)
        parts = [block.deviations(spreads) for block in self.blocks]
        inverses, log_det = [], 0.0
        information = np.diag(np.maximum(self.precision, _SMALLEST))
        right = -self.precision * self.theta
        for block, deviations in zip(self.blocks, parts, strict=True):
            between = sum(deviations.values(), np.zeros_like(block.gaps))
            root = np.linalg.cholesky(block.fixed + block.maps @ between @ block.maps.T)
            log_det += 2.0 * float(np.log(np.diag(root)).sum())
            inverse = np.linalg.inv(root)
            inverses.append(inverse.T @ inverse)
            weighted = inverses[-1] @ self.jacobian[block.rows]
            information += self.jacobian[block.rows].T @ weighted
            right += weighted.T @ self.residuals[block.rows]
        step = np.linalg.solve(information, right)
        left = self.theta + step
        covariance = np.linalg.inv(information)
        value = log_det + float(self.precision @ left**2)
        value += float(np.linalg.slogdet(information)[1])
        gradient = np.zeros(len(h))
        visit_slope = 0.0
        for block, deviations, inverse, slopes in zip(
            self.blocks, parts, inverses, self.slopes, strict=True
        ):
            jacobian = self.jacobian[block.rows]
            scaled = inverse @ (self.residuals[block.rows] - jacobian @ step)
            value += float(scaled @ (self.residuals[block.rows] - jacobian @ step))
            weighted = inverse @ jacobian
            outer = inverse - np.outer(scaled, scaled) - weighted @ covariance @ weighted.T
            by_deviation = block.maps.T @ outer @ block.maps
            for name, slope in zip(DEVIATIONS, slopes, strict=True):
                gradient += 2.0 * slope.T @ (by_deviation * deviations[name]).sum(axis=1)
            visits = deviations["visit"] * block.gaps / spreads.visit_months
            visit_slope += float((by_deviation * visits).sum())
        gradient[h.names.index(("visit_months",))] += visit_slope
        off = (vector - h.center) / h.sd
        return 0.5 * (value + float(off @ off)), 0.5 * gradient + off / h.sd

    def maximize(self, start: FloatArray, *, evaluations: int = 200) -> FloatArray:
        """Return the most probable hyperparameters.

        Raises
        ------
        SolverError
            If the likelihood cannot be calculated at the start.
        """
        from scipy.optimize import minimize

        h = self.hyperparameters
        try:
            self.value_and_gradient(start)
        except np.linalg.LinAlgError as error:
            raise SolverError("the covariance of a cohort is not positive definite.") from error

        def scaled(x: FloatArray) -> tuple[float, FloatArray]:
            value, gradient = self.value_and_gradient(h.center + h.sd * x)
            return value, gradient * h.sd

        result = minimize(
            scaled,
            (start - h.center) / h.sd,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-5.0, 5.0)] * len(h),
            options={"maxfun": evaluations},
        )
        best: FloatArray = h.center + h.sd * result.x
        return best
