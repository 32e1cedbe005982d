"""The untreated premenopausal woman stays as she is, whatever the parameters."""

from __future__ import annotations

import numpy as np

import remodel as rm
from remodel.models.reference import MODEL

N_VECTORS, YEARS = 200, 50
AGE_SCALE = ("reference_age_",)


def random_vectors() -> dict[str, np.ndarray]:
    """Draw every parameter of the body within its bounds."""
    rng = np.random.default_rng(20)
    drugs = tuple(f"{name}_" for name in MODEL.drugs)
    return {
        name: rng.uniform(p.lower, p.upper, N_VECTORS)
        for name, p in MODEL.parameters.items()
        if p.status != "input" and not name.startswith((*drugs, *AGE_SCALE))
    }


def test_premenopausal_baseline_holds_for_fifty_years() -> None:
    vectors = random_vectors()
    assert len(vectors) > 60
    outputs = [n for n in (*MODEL.endpoints, *MODEL.system().state_names) if "z_score" not in n]
    ds = rm.simulate(
        "reference",
        patient=rm.Patient(age=25, menopause=None),
        parameters=vectors,
        times=np.linspace(0, YEARS * 365.25, 11),
        outputs=outputs,
    )
    assert np.all(ds.status.values == 0)
    for name in outputs:
        values = ds[name].values
        first = values[:, :1]
        scale = np.abs(first) if "t_score" not in name else 1.0
        scale = np.where(scale > 0, scale, 1.0)
        assert np.max(np.abs(values - first) / scale) < 1e-6, name


def test_baseline_values_are_exact() -> None:
    ds = rm.simulate("reference", patient=rm.Patient(age=70, menopause=None), times=[0.0])
    for name in ("rankl", "opg", "rankl_opg", "il1", "il6", "tnf", "resorption", "sclerostin_free"):
        assert abs(float(ds[name][0, 0]) - 1) < 1e-12, name
    for site in ("lumbar_spine", "total_hip", "femoral_neck"):
        young = MODEL.parameters[f"bmd_{site}_young"].value
        assert abs(float(ds[f"bmd_{site}"][0, 0]) / young - 1) < 1e-9
