"""What the page offers: models, drugs with usual doses, outputs, countries, readings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from remodel.explorer.curves import RISK, outputs_of, title_of
from remodel.explorer.forecast import POPULATIONS
from remodel.explorer.question import AS_CALIBRATED, MOST_ARMS, MOST_YEARS
from remodel.explorer.risk import SITES as RISK_SITES
from remodel.explorer.start import FIRST_PAGE
from remodel.fracture.background import load_background
from remodel.fracture.sites import LONG_NAMES
from remodel.individuals.readings import possible
from remodel.models import Model, load_model, model_names
from remodel.models.draws import posterior_draws
from remodel.observations.endpoints import endpoints
from remodel.patient import SITES
from remodel.plots.style import unit_text
from remodel.provenance import package_version
from remodel.schedules.medicines import medicines


def catalog(sets: Iterable[str] = ()) -> dict[str, Any]:
    """Return everything the menus of the page hold."""
    countries = load_background().content["countries"]
    return {
        "version": package_version(),
        "models": [_model(load_model(name)) for name in _in_order(model_names())],
        "sets": [AS_CALIBRATED, *sets],
        "countries": sorted({*countries["values"], "international"}),
        "populations": list(POPULATIONS),
        "readings": _readings(),
        "risks": [
            {"name": RISK + site, "title": f"{LONG_NAMES[site]}, probability"}
            for site in RISK_SITES
        ],
        "first": FIRST_PAGE,
        "limits": {"arms": MOST_ARMS, "years": MOST_YEARS},
    }


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name != "reference", name))


def _model(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "follows_age": model.follows_age,
        "has_scores": bool(model.density),
        "has_draws": bool(posterior_draws(model)),
        "drugs": [_drug(name, model) for name in model.drugs],
        "outputs": [{"name": n, "title": title} for n, title in outputs_of(model.name).items()],
        "parameters": sorted(model.parameters),
    }


def _drug(name: str, model: Model) -> dict[str, Any]:
    known = medicines()
    return {
        "name": name,
        "words": name.replace("_", " "),
        "brands": [other for other, generic in known.generic.items() if generic == name],
        "routes": list(model.drugs[name].routes),
        "usual": [
            {"mg": dose.mg, "days": dose.days, "route": dose.route, "words": dose.words}
            for dose in known.usual.get(name, ())
        ],
    }


def _readings() -> list[dict[str, str]]:
    """Return what may be read of a woman, with its unit."""
    scores = [
        {"name": f"t_score_{s}", "title": title_of(f"t_score_{s}"), "unit": ""} for s in SITES
    ]
    others = [
        {"name": n, "title": title_of(n), "unit": unit_text(endpoints()[n].level_unit)}
        for n in possible()
        if n in load_model("reference").endpoints
    ]
    return [*scores, *others]
