"""Women who differ: drawn, rejected, weighted, saved and read again."""

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError, ParameterError
from remodel.files import parse_toml
from remodel.populations.dump import definition_text
from remodel.populations.load import load_definition, preset_names
from remodel.populations.population import Population

AGE = {"distribution": "normal", "center": 65.0, "sd": 5.0, "source": "test"}
MENOPAUSE = {"distribution": "normal", "center": 50.0, "sd": 2.0, "source": "test"}
TURNOVER = {"distribution": "lognormal", "center": 1.0, "sd": 0.2, "source": "test",
            "of": ["remodeling_rate_total_hip"]}  # fmt: skip


def small(**tables):
    return {"patient": {"age": AGE, "menopause_age": MENOPAUSE}, **tables}


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_gives_women_within_its_limits(name):
    women = rm.population(300, like=name, seed=1)
    low, _ = women.definition.limits["years_since_menopause"]
    assert women["years_since_menopause"].min() >= low
    assert women.effective_size == pytest.approx(300)
    for spread in women.definition.distributions.values():
        assert len(spread.source) > 3


def test_a_woman_of_a_seed_is_the_same_for_every_number():
    many, few = rm.population(200, seed=5), rm.population(20, seed=5)
    rejected = sum(many.rejections.values())
    assert rejected > 0
    assert repr(many).endswith(f" {rejected} impossible left out>")
    for name, values in few.columns.items():
        assert np.array_equal(values, many[name][:20])
    assert np.array_equal(few.pattern, many.pattern[:20])
    assert not np.array_equal(rm.population(20, seed=6)["age"], few["age"])


def test_correlations_and_spreads_are_those_asked_for():
    women = rm.population(20_000, like="aromatase_inhibitor", seed=2)
    hip, neck = (np.log(women[f"relative_density_{s}"]) for s in ("total_hip", "femoral_neck"))
    assert np.corrcoef(hip, neck)[0, 1] == pytest.approx(0.85, abs=0.01)
    assert hip.std() == pytest.approx(0.16, rel=0.03)
    assert np.corrcoef(np.log(women["estrogen"]), np.log(women["bmi"]))[0, 1] == pytest.approx(
        0.57, abs=0.02
    )
    score = (hip - hip.mean()) * 0 + women["t_score_total_hip"]
    assert np.corrcoef(score, women["age"])[0, 1] < -0.2  # older women have less bone


def test_a_share_and_a_split_normal_have_their_moments():
    spreads = {
        "age": AGE,
        "smoking": {"distribution": "share", "center": 0.2, "source": "test"},
        "menopause_age": {"distribution": "split_normal", "center": 50.0, "sd": 6.0,
                          "sd_upper": 2.0, "source": "test"},
    }  # fmt: skip
    women = rm.population(20_000, like={"patient": spreads}, seed=3)
    assert set(np.unique(women["smoking"])) == {0.0, 1.0}
    assert women["smoking"].mean() == pytest.approx(0.2, abs=0.01)
    # two halves of 6 and 2 about the mode, three quarters of women below it
    below = np.mean(women["menopause_age"] < 50)
    assert below == pytest.approx(0.75, abs=0.01)
    assert women["menopause_age"].mean() == pytest.approx(
        50 + np.sqrt(2 / np.pi) * (2 - 6), abs=0.1
    )


def test_weights_meet_moments_and_the_effective_number_falls():
    match = {"age": {"mean": 67.0, "sd": 4.0}}
    women = rm.population(4000, like=small(match=match), seed=1)
    mean = np.average(women["age"], weights=women.weights)
    assert mean == pytest.approx(67.0, abs=1e-6)
    assert np.average((women["age"] - mean) ** 2, weights=women.weights) ** 0.5 == pytest.approx(
        4.0, abs=1e-6
    )
    assert 1000 < women.effective_size < 4000
    assert women.weights.mean() == pytest.approx(1)


def test_women_like_a_trial_have_its_baseline_table():
    women = (
        rm.population(800, like="freedom_substudy", seed=1)
        if ("freedom_substudy" in rm.trial_names())
        else rm.population(800, like="goss2007_healthy", seed=1)
    )
    for moment in women.definition.match:
        mean = np.average(women[moment.name], weights=women.weights)
        assert mean == pytest.approx(moment.mean, abs=1e-6)
    assert women.effective_size > 400


def test_women_are_saved_bit_for_bit(tmp_path):
    women = rm.population(40, like="aromatase_inhibitor_in_practice", seed=9)
    for name in ("women.csv", "women.zarr"):
        women.save(tmp_path / name)
        again = Population.load(tmp_path / name)
        assert again.seed == 9
        for column, values in women.columns.items():
            assert np.array_equal(again[column], values), column
        assert np.array_equal(again.pattern, women.pattern)
        assert np.array_equal(again.weights, women.weights)
        assert definition_text(again.definition) == definition_text(women.definition)
    table = women.to_frame()
    first = ["woman", "weight", "age", "sex", "menopause_age", "bmi", "prior_fracture",
             "parental_fracture", "smoking", "glucocorticoids", "t_score_lumbar_spine"]  # fmt: skip
    assert list(table.columns[: len(first)]) == first


@pytest.mark.parametrize("name", ["women.csv", "women.zarr"])
def test_women_without_wander_or_missed_doses_are_saved_so(name, tmp_path):
    women = rm.population(20, like="aromatase_inhibitor_in_practice", seed=9)
    for changed in (women.without_wander(), women.as_prescribed()):
        changed.save(tmp_path / name)
        again = Population.load(tmp_path / name)
        assert again.definition.wander == changed.definition.wander
        assert [p.share for p in again.definition.adherence] == [
            p.share for p in changed.definition.adherence
        ]
        assert np.array_equal(again.adherence, changed.adherence)


def test_a_definition_never_replaces_another_file(tmp_path):
    mine = tmp_path / "trial.toml"
    mine.write_text("seed = 1\n")
    with pytest.raises(ConfigError, match=r"would replace .*trial.toml"):
        rm.population(5, seed=1).save(tmp_path / "trial.csv")
    assert mine.read_text() == "seed = 1\n"
    for like in ("postmenopausal", "osteoporosis"):  # its own pair is written again
        rm.population(5, like=like).save(tmp_path / "women.csv")
    assert Population.load(tmp_path / "women.csv").definition.name == "osteoporosis"


def test_what_differs_from_a_preset_is_not_called_like_it(tmp_path):
    women = rm.population(5, like={"like": "osteoporosis", "parameter": {"turnover": TURNOVER}})
    assert women.definition.name == "like osteoporosis"
    women.save(tmp_path / "women.csv")
    assert Population.load(tmp_path / "women.csv").definition.name == "like osteoporosis"
    (tmp_path / "women.toml").unlink()
    with pytest.raises(ConfigError, match=r"women.toml is not beside it"):
        Population.load(tmp_path / "women.csv")


def test_a_definition_written_reads_back_equal():
    for name in preset_names():
        definition = load_definition(name)
        blank = type(definition)(
            **{f: getattr(definition, f) for f in definition.__dataclass_fields__ if f != "text"}
        )
        import tomllib

        again = load_definition(tomllib.loads(definition_text(blank)))
        assert again.patient == definition.patient
        assert again.components == definition.components
        assert again.correlations == definition.correlations
        assert again.adherence == definition.adherence
        assert again.wander == definition.wander
        assert again.limits == definition.limits


def test_a_table_of_ones_own_is_women(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_text("age,menopause_age,bmi,t_score_total_hip\n62,50,24,-1.5\n71,48,,-2.0\n")
    women = Population.load(path)
    assert [patient.age for patient in women.patients] == [62.0, 71.0]
    assert women.patients[1].t_score_total_hip == -2.0
    path.write_text("age,meno_age\n62,50\n")
    with pytest.raises(ConfigError, match="Did you mean 'menopause_age'"):
        Population.load(path)


def test_a_population_cannot_be_changed():
    women = rm.population(5, seed=1)
    with pytest.raises(ValueError, match="read-only"):
        women["age"][0] = 3.0
    with pytest.raises(AttributeError):
        women.seed = 3  # type: ignore[misc]


WRONG = [
    ({"patient": {"age": {**AGE, "sd": -1.0}}}, "a standard deviation is 0 or more"),
    ({"patient": {"age": {**AGE, "distribution": "norml"}}}, "Did you mean 'normal'"),
    ({"patient": {"agee": AGE}}, "Did you mean 'age'"),
    ({"patient": {"bmi": AGE}}, "needs .patient.age."),
    (small(correlation=[{"of": ["age", "menopause_age"], "r": 1.5}]), "above -1 and below 1"),
    (small(correlation=[{"of": ["age", "menopaus_age"], "r": 0.5}]), "Did you mean"),
    (small(adherence=[{"pattern": "a", "share": 0.4}]), "sum to 0.4"),
    (small(adherence=[{"pattern": "a", "share": 1.0, "taken": 1.2}]), "taken = 1.2"),
    (small(limits={"years_since_menopaus": {"lower": 1.0}}), "Did you mean"),
    (small(limits={"years_since_menopause": {"lower": 70.0}}), "0 % of"),
    (small(match={"age": {"mean": 95.0}}), "no weights give"),
    (small(wander={"sd": {"hip": 0.02}, "source": "test"}), "'hip' is not a site"),
    (small(unknown=1), "unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), WRONG)
def test_wrong_populations_are_refused_in_one_sentence(content, sentence):
    with pytest.raises(ConfigError, match=sentence):
        rm.population(50, like=content, seed=1)


def test_impossible_correlations_are_refused_by_name():
    pairs = [(["age", "turnover"], 0.9), (["age", "menopause_age"], 0.9),
             (["turnover", "menopause_age"], -0.9)]  # fmt: skip
    content = small(
        parameter={"turnover": TURNOVER}, correlation=[{"of": of, "r": r} for of, r in pairs]
    )
    with pytest.raises(ConfigError, match="impossible together"):
        rm.population(5, like=content)


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'aromatase_inhibitor'"):
        rm.population(5, like="aromatase_inhibitr")
    with pytest.raises(ConfigError, match="Did you mean 'halt_bc_ellis2008'"):
        rm.population(5, like="halt_bc_elis2008")
    with pytest.raises(
        ConfigError, match="postmenopausal, and the trials of 'remodel list trials'"
    ):
        rm.population(5, like="my_women")
    with pytest.raises(ConfigError, match="n = 0"):
        rm.population(0)
    with pytest.raises(ConfigError, match="seed = -1"):
        rm.population(5, seed=-1)


def test_an_error_in_a_file_names_the_line(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('like = "postmenopausal"\n[patient.age]\ndistribution = "normal"\n'
                    'center = 60.0\nsd = -2.0\nsource = "test"\n')  # fmt: skip
    with pytest.raises(ConfigError, match=r"own.toml, line 5, .*sd"):
        rm.population(5, like=path)


def test_a_component_of_an_unknown_parameter_is_refused_before_work():
    content = small(parameter={"turnover": {**TURNOVER, "of": ["remodeling_rate_hip"]}})
    with pytest.raises(ParameterError, match="Did you mean"):
        rm.simulate(patient=rm.population(3, like=content), years=1)


def test_late_loss_is_saved_and_read_again():
    definition = load_definition("postmenopausal")
    wander = definition.wander
    assert wander.late_loss[1] > wander.late_loss[2] > wander.late_loss[0] == 0
    again = load_definition(parse_toml(definition_text(definition), "text", ConfigError))
    assert (again.wander.late_loss, again.wander.late) == (wander.late_loss, wander.late)


@pytest.mark.parametrize(
    ("table", "message"),
    [({"total_hip": 0.5}, "late_loss of total_hip = 0.5"), ({"hip": 0.001}, "'hip' is not a site")],
)
def test_an_impossible_late_loss_is_refused(table, message):
    wander = {"sd": {"total_hip": 0.02}, "late_loss": table, "source": "test"}
    with pytest.raises(ConfigError, match=message):
        load_definition(small(wander=wander))
