"""Public names, each with the module that defines it; ``__init__.py`` loads them from here."""

from remodel import plots as plots
from remodel.calibration import calibrate as calibrate
from remodel.decisions import Best as Best
from remodel.decisions import optimize as optimize
from remodel.decisions.policies import compare_policies as compare_policies
from remodel.errors import EquivalentDoseWarning as EquivalentDoseWarning
from remodel.errors import UnusualDoseWarning as UnusualDoseWarning
from remodel.errors import UnusualPatientWarning as UnusualPatientWarning
from remodel.exchange import export as export
from remodel.experiments import run_experiment as run_experiment
from remodel.explanation.differences import explain_difference as explain_difference
from remodel.explanation.explain import explain as explain
from remodel.fracture import fracture_risk as fracture_risk
from remodel.fracture.one_woman import patient_fracture_risk as patient_fracture_risk
from remodel.individuals.fit import fit_patient as fit_patient
from remodel.individuals.patient_fit import PatientFit as PatientFit
from remodel.individuals.table import fit_patients as fit_patients
from remodel.measurement.measure import measure as measure
from remodel.models import Model as Model
from remodel.models import load_model as load_model
from remodel.models import model_names as model_names
from remodel.models.draws import posterior_draws as posterior_draws
from remodel.monitoring import MonitoringPlan as MonitoringPlan
from remodel.monitoring import monitor as monitor
from remodel.observations import load_trial as load_trial
from remodel.observations import trial_names as trial_names
from remodel.parameters import Parameter as Parameter
from remodel.parameters import ParameterSet as ParameterSet
from remodel.parameters import load_parameters as load_parameters
from remodel.parameters import write_parameters as write_parameters
from remodel.patient import Patient as Patient
from remodel.patients import Patients as Patients
from remodel.populations.population import Population as Population
from remodel.populations.sample import population as population
from remodel.qualification import Qualification as Qualification
from remodel.qualification import qualify as qualify
from remodel.reruns import Rerun as Rerun
from remodel.reruns import rerun as rerun
from remodel.schedules import Dose as Dose
from remodel.schedules import Intervention as Intervention
from remodel.schedules import Schedule as Schedule
from remodel.sensitivity.study import sensitivity_analysis as sensitivity_analysis
from remodel.simulation.simulate import simulate as simulate
from remodel.simulation.snapshot import Snapshot as Snapshot
from remodel.simulation.take_snapshot import snapshot as snapshot
from remodel.sweeps import open_sweep as open_sweep
from remodel.sweeps import sweep as sweep
from remodel.validation.validate import validate as validate
from remodel.verification.verify import verify as verify
from remodel.virtual_trials.early_markers import early_markers as early_markers
from remodel.virtual_trials.trial import VirtualTrial as VirtualTrial
from remodel.virtual_trials.trial import virtual_trial as virtual_trial

__version__: str

def __dir__() -> list[str]: ...
