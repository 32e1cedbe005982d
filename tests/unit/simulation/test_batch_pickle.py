"""A batch can be sent to another process, and what it gives comes back."""

from __future__ import annotations

import pickle

import numpy as np

import remodel as rm
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.treatment import simulate_batch


def test_a_batch_and_what_it_gives_can_be_pickled():
    model = rm.load_model("reference")
    patient = rm.Patient(age=66, t_score_total_hip=-2.0)
    inputs = Inputs.read(model, "denosumab 60 mg once", patient, None)
    batch = Batch.build(model, inputs, np.array([0.0, 90.0, 180.0]), ("ctx",))
    again = pickle.loads(pickle.dumps(batch))
    assert again.model is model
    here, there = (simulate_batch(each) for each in (batch, again))
    np.testing.assert_array_equal(there.variable("ctx"), here.variable("ctx"))
    back = pickle.loads(pickle.dumps(there))
    np.testing.assert_array_equal(back.variable("ctx"), here.variable("ctx"))
