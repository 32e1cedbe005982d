"""``remodel explain --versus``."""

from __future__ import annotations

from remodel.cli.main import main

CALL = ["explain", "bmd_total_hip", "--schedule", "letrozole 2.5 mg daily", "--at", "1y"]


def test_a_difference_is_printed_as_a_tree(capsys):
    assert main([*CALL, "--versus", "none", "--age", "60"]) == 0
    printed = capsys.readouterr().out
    assert "against" in printed
    assert "on 'none'" in printed
    assert "osteoclasts" in printed
    assert "  cytokine_tone" in printed
    assert "difference = -" in printed


def test_no_difference_is_said(capsys):
    assert main([*CALL, "--versus", "letrozole 2.5 mg daily"]) == 0
    assert "There is no difference." in capsys.readouterr().out


def test_a_drug_of_the_other_simulation_alone_makes_no_difference_before_its_dose(capsys):
    assert main(["explain", "osteoclasts", "--versus", "denosumab 60 mg once"]) == 0
    assert "There is no difference." in capsys.readouterr().out


def test_a_drug_is_explained_before_its_first_dose(capsys):
    later = "denosumab 60 mg once from 12 mo"
    assert main(["explain", "denosumab_central", "--schedule", later, "--at", "6mo"]) == 0
    printed = capsys.readouterr().out
    assert "denosumab_central at 6mo: 0 mg" in printed
    assert "denosumab_absorption" in printed


def test_a_time_before_the_start_is_refused_as_such(capsys):
    assert main(["explain", "osteoclasts", "--at=-12mo"]) == 2
    assert "must not be before the start of treatment" in capsys.readouterr().err


def test_a_wrong_second_schedule_is_refused(capsys):
    assert main([*CALL, "--versus", "letrozol 2.5 mg daily"]) == 2
    assert "Did you mean 'letrozole'" in capsys.readouterr().err


def test_a_man_is_simulated(capsys):
    call = ["simulate", "--schedule", "orchiectomy from 0 mo", "--sex", "male", "--age", "70"]
    assert main([*call, "--years", "1", "--outputs", "testosterone,bmd_total_hip"]) == 0
    assert "testosterone" in capsys.readouterr().out


def test_a_man_has_no_menopause(capsys):
    assert main(["simulate", "--sex", "male", "--menopause-age", "50"]) == 2
    assert "contradicts a menopause" in capsys.readouterr().err
