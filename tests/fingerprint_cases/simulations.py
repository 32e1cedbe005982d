"""Simulations: models, drugs, methods, patients, parameters, dosing, sensitivities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import remodel as rm

from .case import Values, case, of_dataset

WOMAN = rm.Patient(age=60, menopause_age=50)
CHANGES = ["bmd_lumbar_spine_percent_change", "bmd_total_hip_percent_change", "ctx_percent_change"]
DENOSUMAB = "denosumab 60 mg every 6 mo x 4"
ZOLEDRONATE = "zoledronic acid 4 mg every 6 mo for 2 y"
LETROZOLE = "letrozole 2.5 mg daily for 2 y"
ANASTROZOLE = "anastrozole 1 mg daily for 2 y"
TERIPARATIDE = "teriparatide 20 ug daily for 2 y"
ROMOSOZUMAB = "romosozumab 210 mg every 1 mo for 1 y"
SEQUENCE = "denosumab 60 mg every 6 mo x 3 then zoledronic acid 5 mg once; letrozole 2.5 mg daily"
PAST = "letrozole 2.5 mg daily from -2 y for 4 y; denosumab 60 mg every 6 mo x 2 from 6 mo"
HOLIDAY = (
    "denosumab 60 mg every 6 mo x 6 except dose 3 then nothing for 6 mo then alendronate 70 mg "
    "weekly for 1 y; letrozole 2.5 mg daily for 4 y"
)
DRUGS = {
    "reference.anastrozole": ANASTROZOLE,
    "reference.letrozole": LETROZOLE,
    "reference.exemestane": "exemestane 25 mg daily for 2 y",
    "reference.zoledronic_acid": ZOLEDRONATE,
    "reference.alendronate": "alendronate 70 mg weekly for 2 y",
    "reference.risedronate": "risedronate 35 mg weekly for 2 y",
    "reference.ibandronate": "ibandronate 150 mg monthly for 2 y",
    "reference.ibandronate_iv": "ibandronate 3 mg iv every 3 mo for 2 y",
    "reference.calcium_vitamin_d": "calcium vitamin d 1000 mg daily for 2 y",
    "reference.anakinra": "anakinra 100 mg daily for 6 mo",
    "reference.etanercept": "etanercept 25 mg every 84 h for 6 mo",
    "reference.denosumab": DENOSUMAB,
    "reference.goserelin": "goserelin 3.6 mg every 28 d x 13",
    "reference.triptorelin": "triptorelin 3.75 mg every 28 d x 13",
    "reference.estradiol_oral": "estradiol 1 mg oral daily for 2 y",
    "reference.estradiol_patch": "estradiol 0.05 mg patch daily for 2 y",
    "reference.romosozumab": ROMOSOZUMAB,
    "reference.tamoxifen": "tamoxifen 20 mg daily for 2 y",
    "reference.raloxifene": "raloxifene 60 mg daily for 2 y",
    "reference.teriparatide": TERIPARATIDE,
    "jorg2022.romosozumab": ROMOSOZUMAB,
    "jorg2022.blosozumab": "blosozumab 270 mg every 2 wk for 1 y",
    "jorg2022.denosumab": DENOSUMAB,
    "jorg2022.alendronate": "alendronate 10 mg daily for 2 y",
    "jorg2022.teriparatide": "teriparatide 20 ug daily for 1 y",
    "peterson2010.denosumab": DENOSUMAB,
    "peterson2010.teriparatide": "teriparatide 20 ug daily for 1 y",
}
FAST_DRUGS = {
    "reference.denosumab", "reference.teriparatide", "reference.zoledronic_acid",
    "reference.romosozumab", "reference.tamoxifen", "reference.estradiol_patch",
    "jorg2022.romosozumab", "jorg2022.alendronate", "peterson2010.denosumab",
}  # fmt: skip
PREMENOPAUSAL = ("reference.goserelin", "reference.triptorelin", "reference.tamoxifen")
PATIENTS = {name: rm.Patient(age=40) for name in PREMENOPAUSAL}


def simulated(model: str = "reference", **arguments: Any) -> Values:
    """Return the numbers of a simulation, of three years by default."""
    if "times" not in arguments:
        arguments = {"years": 3, **arguments}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some simulations failed
        return of_dataset(rm.simulate(model, **arguments))


SIMULATIONS = {
    "models.reference": case(simulated, patient=WOMAN, years=10, fast=True),
    "models.reference_states": case(
        simulated, outputs=["osteoclasts", "osteoblasts", "estradiol", "pth"]
    ),
    "models.komarova2003": case(simulated, "komarova2003", years=2, fast=True),
    "models.lemaire2004": case(simulated, "lemaire2004", years=1, fast=True),
    "models.pivonka2008": case(
        simulated, "pivonka2008", parameters={"P_PTH": 1000.0}, years=1, fast=True
    ),
    "models.peterson2010": case(simulated, "peterson2010", fast=True),
    "models.peterson2010_menopause": case(
        simulated, "peterson2010", parameters={"ESTON": 1, "ageENTER": 393120.0}, years=15
    ),
    "models.jorg2022": case(simulated, "jorg2022", patient=WOMAN, fast=True),
    "models.default_times": case(simulated, schedule=DENOSUMAB, years=None),
    **{
        f"drugs.{name}": case(
            simulated,
            name.split(".")[0],
            schedule=sentence,
            patient=PATIENTS.get(name, None if name.startswith("peterson") else WOMAN),
            fast=name in FAST_DRUGS,
        )
        for name, sentence in DRUGS.items()
    },
    "drugs.sequence": case(simulated, schedule=SEQUENCE, years=5, fast=True),
    "drugs.holiday_and_missed_dose": case(simulated, schedule=HOLIDAY, years=6),
    "drugs.denosumab_doses": case(
        simulated, schedule=[f"denosumab {mg} mg every 3 mo x 4" for mg in (1, 6, 14, 60, 210)]
    ),
    **{
        f"methods.{method}": case(
            simulated, schedule=SEQUENCE, method=method, outputs=CHANGES, fast=True
        )
        for method in ("batch", "rodas5p", "rodas4")
    },
    **{
        f"methods.{method}": case(
            simulated, schedule=SEQUENCE, method=method, outputs=CHANGES, tolerance=1e-5
        )
        for method in ("lsoda", "bdf", "radau")
    },
    "methods.tight": case(simulated, schedule=SEQUENCE, rtol=1e-9, outputs=CHANGES),
    "methods.loose": case(simulated, schedule=SEQUENCE, rtol=1e-3, tolerance=1e-6),
    "methods.lsoda_jorg2022": case(
        simulated, "jorg2022", schedule=DENOSUMAB, method="lsoda", tolerance=1e-5
    ),
    "methods.steps_run_out": case(
        simulated,
        "pivonka2008",
        parameters={"P_PTH": np.array([0.0, 500.0, 1000.0, 2000.0])},
        max_steps=100,
        years=40,
        fast=True,
    ),
    "methods.times": case(
        simulated, schedule=DENOSUMAB, times=[0.0, 1.0, 17.3, 182.625, 400.0], fast=True
    ),
    "patients.batch": case(
        simulated,
        patient=[
            rm.Patient(age=35, menopause_age=51),
            rm.Patient(age=48, menopause_age=50),
            rm.Patient(age=45, menopause_age=40, menopause="surgical"),
            rm.Patient(age=58, menopause_age=60, menopause="surgical"),
            rm.Patient(age=70, menopause=None),
            rm.Patient(age=81, menopause_age=55),
        ],
        schedule=["none", SEQUENCE, ANASTROZOLE, PAST, "none", DENOSUMAB],
        fast=True,
    ),
    "patients.t_scores": case(
        simulated,
        patient=[
            rm.Patient(age=62, t_score_lumbar_spine=-2.5),
            rm.Patient(age=66, t_score_total_hip=-1, t_score_femoral_neck=-1.4),
            rm.Patient(
                age=71, t_score_lumbar_spine=-3, t_score_total_hip=-2, t_score_femoral_neck=-2.2
            ),
        ],
        schedule=DENOSUMAB,
        fast=True,
    ),
    "patients.man": case(
        simulated, patient=rm.Patient(age=70, sex="male"), schedule=DENOSUMAB, fast=True
    ),
    "patients.man_with_t_score": case(
        simulated,
        patient=rm.Patient(age=55, sex="male", t_score_lumbar_spine=-1.5),
        schedule=ANASTROZOLE,
    ),
    "patients.oophorectomy": case(
        simulated, patient=rm.Patient(age=44, menopause_age=51), schedule="oophorectomy from 6 mo"
    ),
    "patients.menopause_at_an_age": case(
        simulated,
        patient=rm.Patient(age=47),
        schedule="menopause at 49 y; exercise from 1 y",
        years=5,
    ),
    "patients.loading": case(
        simulated, schedule="bed rest for 60 d; calcium intake 1200 mg for 2 y"
    ),
    "patients.history": case(simulated, schedule=PAST, patient=WOMAN, fast=True),
    "patients.history_denosumab": case(
        simulated, schedule="denosumab 60 mg every 6 mo x 5 from -2 y"
    ),
    "patients.history_with_t_score": case(
        simulated,
        schedule="anastrozole 1 mg daily from -2 y for 5 y",
        patient=rm.Patient(age=63, t_score_lumbar_spine=-1.2),
    ),
    "patients.surgery_at_three_ages": case(
        simulated,
        patient=[rm.Patient(age=60, menopause="surgical", menopause_age=a) for a in (35, 45, 55)],
    ),
    "parameters.batch": case(
        simulated,
        parameters={"osteoclast_turnover_rate": np.array([0.05, 0.08, 0.12]), "ctx_floor": 0.1},
        schedule=DENOSUMAB,
        fast=True,
    ),
    "parameters.schedules_and_patients": case(
        simulated,
        parameters={"sclerostin_inhibition": np.array([0.5, 1.0])},
        schedule=[ROMOSOZUMAB, "none"],
        patient=[WOMAN, rm.Patient(age=66)],
    ),
    "parameters.jorg2022": case(simulated, "jorg2022", parameters={"omega_B": 0.0007}),
    "steady.raloxifene": case(simulated, schedule="raloxifene 60 mg daily for 1 y at steady state"),
    "steady.estradiol": case(simulated, schedule="estradiol 1 mg oral daily at steady state"),
    "steady.denosumab": case(simulated, schedule="denosumab 60 mg every 6 mo x 3 at steady state"),
    "steady.letrozole": case(simulated, schedule="letrozole 2.5 mg daily for 1 y at steady state"),
    "doses.exact_weekly": case(
        simulated, schedule="alendronate 70 mg weekly for 2 y", exact_doses=True
    ),
    "doses.exact_daily": case(
        simulated,
        "peterson2010",
        schedule="teriparatide 20 ug daily for 3 mo",
        exact_doses=True,
        years=0.5,
        fast=True,
    ),
    "doses.infusion": case(simulated, schedule="zoledronic acid 4 mg every 6 mo x 2 over 15 min"),
    "doses.single": case(
        simulated,
        schedule="denosumab 60 mg once; denosumab 30 mg once from 3 mo; "
        "zoledronic acid 5 mg once from 100 d",
    ),
    "sensitivities.reference": case(
        simulated,
        schedule=DENOSUMAB,
        sensitivities=["osteoclast_turnover_rate", "ctx_floor"],
        outputs=["ctx", "bmd_lumbar_spine"],
        fast=True,
    ),
    "sensitivities.percent_change": case(
        simulated,
        schedule=ANASTROZOLE,
        sensitivities=["anastrozole_clearance", "estradiol_half_effect"],
        outputs=CHANGES,
        fast=True,
    ),
    "sensitivities.history": case(
        simulated, schedule=PAST, sensitivities=["osteoblast_turnover_rate"], outputs=CHANGES
    ),
    "sensitivities.pivonka2008": case(
        simulated,
        "pivonka2008",
        sensitivities=["k_form", "P_PTH"],
        parameters={"P_PTH": 100.0},
        years=1,
        fast=True,
    ),
}
