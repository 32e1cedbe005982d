"""Assembling mechanisms: names, contributions, flows, and what is refused."""

from __future__ import annotations

import pytest

from remodel.equations import (
    Assembly,
    Group,
    factor,
    flow,
    gain,
    initial,
    loss,
    product,
    quantity,
    starts_at,
    state,
    term,
    total,
)
from remodel.errors import ModelError

young = state("young", "-", "Young cells")
old = state("old", "-", "Old cells")


@gain("young")
def birth(birth_rate, drive):
    return birth_rate * drive


@flow(source="young", target="old")
def aging(young, aging_rate):
    return aging_rate * young


@loss("old")
def death(old, death_rate):
    return death_rate * old


drive = product("drive", "Drive")
load = total("load", "Load")
BODY = (young, old, birth, aging, death, drive, load)
PARAMETERS = ("birth_rate", "aging_rate", "death_rate", "pill_strength", "pill_level_0")
VALUES = {"birth_rate": 3.0, "aging_rate": 0.5, "death_rate": 0.25, "time": 0.0}


def body(*more, drugs=()):
    return Assembly([Group("", (*BODY, *more)), *drugs], PARAMETERS)


def test_flows_leave_one_state_and_enter_the_other() -> None:
    found = body().evaluate({**VALUES, "young": 4.0, "old": 2.0})
    assert found.terms == {
        "young": {"birth": 3.0, "aging": -2.0},
        "old": {"aging": 2.0, "death": -0.5},
    }
    assert found.rates() == {"young": 1.0, "old": 1.5}


def test_what_is_shared_is_neutral_without_contributions() -> None:
    found = body().evaluate({**VALUES, "young": 4.0, "old": 2.0})
    assert found.quantities["drive"] == 1.0
    assert found.quantities["load"] == 0.0


def test_contributions_multiply_or_add_up() -> None:
    @factor("drive")
    def doubled():
        return 2.0

    @factor("drive")
    def by_load(load):
        return 1 + load

    @term("load")
    def carried(old):
        return old

    @term("load")
    def fixed():
        return 0.5

    assembly = body(doubled, by_load, carried, fixed)
    found = assembly.evaluate({**VALUES, "young": 4.0, "old": 2.0})
    assert found.quantities["load"] == 2.5
    assert found.quantities["drive"] == 7.0
    assert found.terms["young"]["birth"] == 21.0
    assert assembly.contributions_to("drive") == ("doubled", "by_load")


def _pill(prefix: str = "pill") -> Group:
    level = state("level", "mg", "Drug")

    @loss("level")
    def elimination(level, death_rate):
        return death_rate * level

    @factor("drive")
    def effect(level, strength):
        return 1 / (1 + strength * level)

    return Group(prefix, (level, elimination, effect, starts_at("level", "level_0")))


def test_a_group_means_its_own_names_first() -> None:
    assembly = body(drugs=[_pill()])
    values = {**VALUES, "young": 4.0, "old": 2.0, "pill_level": 3.0, "pill_strength": 1.0}
    found = assembly.evaluate(values)
    assert found.quantities["pill_effect"] == 0.25
    assert found.quantities["drive"] == 0.25
    assert found.rates()["pill_level"] == -0.75
    assert assembly.arguments_of("pill_effect") == ("pill_level", "pill_strength")
    assert assembly.flow_of("pill_elimination") == ("pill_level", "")
    assert assembly.flow_of("drive") == ("", "")


def test_baseline_follows_from_parameters_and_other_baselines() -> None:
    @initial("young")
    def young_baseline(birth_rate, aging_rate):
        return birth_rate / aging_rate

    @initial("old")
    def old_baseline(young, aging_rate, death_rate):
        return young * aging_rate / death_rate

    assembly = body(young_baseline, old_baseline)
    found = assembly.evaluate_initial(VALUES)
    assert found == {"young": 6.0, "old": 12.0}
    rates = assembly.evaluate({**VALUES, **found}).rates()
    assert rates == {"young": 0.0, "old": 0.0}


def test_a_state_without_baseline_starts_at_zero_and_without_flows_stays() -> None:
    still = state("still", "-", "Still")
    assembly = Assembly([Group("", (still,))], ())
    assert assembly.evaluate_initial({}) == {"still": 0.0}
    assert assembly.evaluate({"still": 3.0}).rates() == {"still": 0.0}


def test_constants_are_worked_out_from_parameters_alone() -> None:
    @quantity
    def lifetime(death_rate):
        return 1 / death_rate

    @quantity
    def doubled_lifetime(lifetime):
        return 2 * lifetime

    assembly = body(lifetime, doubled_lifetime)
    found = assembly.constants(["doubled_lifetime", "birth_rate"], VALUES)
    assert found == {"doubled_lifetime": 8.0, "birth_rate": 3.0}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("death", "'death' is not constant: it depends on 'old'."),
        ("drive", "'drive' is not constant: it depends on 'time'."),
        ("old", "'old' is not constant: it depends on 'old'."),
        ("lifetim", "equation constants uses 'lifetim', which nothing defines."),
    ],
)
def test_what_moves_is_no_constant(name: str, sentence: str) -> None:
    @factor("drive")
    def fading(time):
        return 1 - time

    with pytest.raises(ModelError) as caught:
        body(fading).constants([name], {n: v for n, v in VALUES.items() if n != "time"})
    assert str(caught.value).startswith(sentence)


def test_what_moves_with_time_alone_is_known_at_a_given_time() -> None:
    @factor("drive")
    def fading(time):
        return 1 - time

    assert body(fading).constants(["drive"], {**VALUES, "time": 0.25}) == {"drive": 0.75}


def test_a_missing_name_is_told_with_the_nearest_one() -> None:
    @quantity
    def turnover(birth_rat):
        return birth_rat

    with pytest.raises(ModelError) as caught:
        body(turnover)
    assert str(caught.value) == (
        "equation turnover uses 'birth_rat', which nothing defines. Did you mean 'birth_rate'?"
    )


def test_an_unknown_state_of_a_flow_is_told() -> None:
    with pytest.raises(ModelError, match="equation leak uses 'yong', which nothing defines"):
        body(loss("yong")(_leak()))


def _leak():
    def leak(old):
        return old

    return leak


def test_a_name_defined_twice_is_refused() -> None:
    def birth_rate():
        return 1.0

    with pytest.raises(ModelError) as caught:
        body(quantity(birth_rate))
    assert str(caught.value) == (
        "'birth_rate' is defined twice; a state, quantity and parameter need different names."
    )


def test_the_same_part_given_twice_counts_once() -> None:
    assert body(young, birth).evaluate({**VALUES, "young": 4.0, "old": 2.0}).rates() == {
        "young": 1.0,
        "old": 1.5,
    }


def test_a_quantity_defined_through_itself_is_refused() -> None:
    @quantity
    def hen(egg):
        return egg

    @quantity
    def egg(hen):
        return hen

    with pytest.raises(ModelError) as caught:
        body(hen, egg).evaluate({**VALUES, "young": 1.0, "old": 1.0})
    assert str(caught.value) == "'hen' is defined through itself: hen -> egg -> hen."


def test_only_shared_quantities_take_contributions() -> None:
    with pytest.raises(ModelError) as caught:
        body(factor("birth")(_leak()))
    assert str(caught.value) == "equation leak contributes to 'birth', which is not shared."


def test_a_state_has_one_baseline() -> None:
    @initial("young")
    def one() -> float:
        return 1

    @initial("young")
    def other() -> float:
        return 2

    with pytest.raises(ModelError, match=r"the baseline of 'young' is defined twice\."):
        body(one, other)


def test_a_state_belongs_to_the_drug_that_declares_it() -> None:
    level = state("level", "-", "Level of a drug that is no amount")
    found = body(drugs=(Group("pill", (level,)),))
    assert found.owners == {"young": "", "old": "", "pill_level": "pill"}
