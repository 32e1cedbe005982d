"""A clinic's table: failed women marked, others untouched, the same numbers however it was run."""

import json

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError
from remodel.individuals import table

HEAD = "woman,age,sex,menopause_age,bmi,schedule,endpoint,months,value,unit,use\n"


def rows(name, age=72, menopause=50, bmi=25, schedule="", first=0.75, unit="g/cm2"):
    who = f"{name},{age},female,{menopause},{bmi},{schedule},"
    return (
        f"{who}bmd_total_hip,0,{first},{unit},fit\n{who}bmd_total_hip,40,{first * 0.98:.4f},{unit},fit\n"
        f"{who}bmd_total_hip,66,999,{unit},predict\n"
    )


def write(path, *women):
    path.write_text(HEAD + "".join(women))
    return path


def forecast(path, out=None, **options):
    return rm.fit_patients(path, out, draws=128, **options)


def test_failed_women_are_marked_and_others_untouched(tmp_path):
    good = [rows("a"), rows("c", menopause="", bmi="")]
    alone = forecast(write(tmp_path / "good.csv", *good))
    mixed = forecast(
        write(
            tmp_path / "mixed.csv", good[0], rows("b", first=7.5), rows("d", unit="stones"), good[1]
        )
    )
    assert set(mixed.failed) == {"b", "d"}
    assert "impossible" in mixed.failed["b"]
    assert "stones" in mixed.failed["d"]
    table = mixed.table.set_index("woman")
    assert np.isnan(table.loc["b", "mean"])
    assert table.loc["b", "problem"]
    numbers = ["mean", "sd", "low_90", "high_90"]
    assert table.loc[["a", "c"], numbers].equals(alone.table.set_index("woman")[numbers])


def test_bands_are_in_order_around_what_is_likely(tmp_path):
    row = forecast(write(tmp_path / "t.csv", rows("a"))).table.iloc[0]
    assert row.low_90 < row.low_50 < row["mean"] < row.high_50 < row.high_90
    assert 0.6 < row["mean"] < 0.76
    assert 0.01 < row.sd < 0.08
    assert row["endpoint"] == "bmd_total_hip"
    assert row["unit"] == "g/cm2"


def test_order_and_threads_do_not_matter(tmp_path):
    women = [rows("a"), rows("b", menopause=45), rows("c", first=0.9)]
    one = forecast(write(tmp_path / "one.csv", *women), threads=1).table
    two = forecast(write(tmp_path / "two.csv", *women[::-1]), threads=2).table
    numbers = ["mean", "sd", "low_50", "high_50", "low_90", "high_90"]
    pd.testing.assert_frame_equal(
        one.set_index("woman")[numbers],
        two.set_index("woman")[numbers].loc[["a", "b", "c"]],
        check_exact=True,
    )


def test_neighbors_do_not_matter(tmp_path):
    plain = [rows(f"a{i}", age=60 + i / 3, first=0.7 + i / 400) for i in range(40)]
    others = [rows(f"b{i}", bmi="") for i in range(3)]
    scanned = "c,71,female,50,24,,bmd_total_hip,5,0.7,g/cm2,fit\n"
    scanned += "c,71,female,50,24,,t_score_total_hip,30,,,predict\n"
    women = [*plain[:20], *others, scanned, *plain[20:]]
    one = forecast(write(tmp_path / "one.csv", *women), threads=1).table.set_index("woman")
    two = forecast(write(tmp_path / "two.csv", *women[::-1]), threads=2).table.set_index("woman")
    numbers = ["mean", "sd", "low_50", "high_50", "low_90", "high_90", "effective_size"]
    assert np.isfinite(one[numbers].to_numpy()).all()
    pd.testing.assert_frame_equal(one[numbers], two.loc[one.index, numbers], check_exact=True)


def test_treated_women_fitted_abreast_get_the_same_numbers(tmp_path):
    drug = "denosumab 60 mg every 6 mo"
    women = [rows(f"a{age}", age=age, schedule=drug) for age in (65, 70, 75, 80)]
    path = write(tmp_path / "t.csv", *women)
    alone, abreast = (forecast(path, threads=threads).table for threads in (1, 2))
    pd.testing.assert_frame_equal(alone, abreast, check_exact=True)
    single = forecast(write(tmp_path / "one.csv", women[2])).table
    assert single.iloc[0].equals(abreast.iloc[2])


def test_who_cannot_be_computed_does_not_take_her_neighbors_along(tmp_path, monkeypatch):
    path = write(tmp_path / "t.csv", rows("a"), rows("b", age=66), rows("c", age=77))
    before = forecast(path).table
    compute = table.later_of_many

    def failing(stored, women):
        if any(her.age == 66 for her in women):
            raise np.linalg.LinAlgError("singular")
        return compute(stored, women)

    monkeypatch.setattr(table, "later_of_many", failing)
    after = forecast(path)
    assert after.failed == {"b": "singular"}
    pd.testing.assert_frame_equal(after.table.iloc[[0, 2]], before.iloc[[0, 2]])


def test_a_stopped_run_continues_bit_for_bit(tmp_path):
    path = write(tmp_path / "t.csv", rows("a"), rows("b", menopause=45), rows("c", menopause=40))
    forecast(path, tmp_path / "whole")
    first = forecast(path, tmp_path / "stopped")
    parts = sorted((tmp_path / "stopped" / "parts").iterdir())
    assert len(parts) == 3
    for path_of_part in parts[1:]:
        path_of_part.unlink()
    kept = json.loads(parts[0].read_text())
    kept[0]["mean"] = 0.5  # shows that it is not computed again
    parts[0].write_text(json.dumps(kept))
    (tmp_path / "stopped" / "predictions.csv").unlink()
    again = forecast(path, tmp_path / "stopped").table
    assert again.loc[0, "mean"] == 0.5
    assert again.loc[1:].equals(first.table.loc[1:])
    whole = (tmp_path / "whole" / "predictions.csv").read_text().splitlines()
    assert (tmp_path / "stopped" / "predictions.csv").read_text().splitlines()[2:] == whole[2:]


def test_a_folder_of_another_table_is_refused(tmp_path):
    forecast(write(tmp_path / "t.csv", rows("a")), tmp_path / "out")
    with pytest.raises(ConfigError, match="another table"):
        forecast(write(tmp_path / "t.csv", rows("a", first=0.8)), tmp_path / "out")


def test_treated_women_gain(tmp_path):
    drug = "denosumab 60 mg every 6 mo"
    table = forecast(write(tmp_path / "t.csv", rows("a"), rows("b", schedule=drug))).table
    assert table.loc[1, "mean"] > table.loc[0, "mean"]


def test_age_of_an_untreated_woman_is_read_from_a_shared_population(tmp_path):
    alone = forecast(write(tmp_path / "a.csv", rows("a", age=80))).table
    shared = forecast(write(tmp_path / "b.csv", rows("a", age=80), rows("b", age=60))).table
    assert shared.loc[0, "mean"] == pytest.approx(alone.loc[0, "mean"], rel=0.005)


def test_a_table_without_a_column_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("woman,age\na,70\n")
    with pytest.raises(ConfigError, match="column endpoint is missing"):
        rm.fit_patients(path)


def test_command_ends_with_3_and_names_who_failed(tmp_path, capsys):
    path = write(tmp_path / "t.csv", rows("a"), rows("b", first=7.5))
    out = tmp_path / "clinic"
    assert main(["fit-patients", str(path), "--out", str(out), "--draws", "64"]) == 3
    assert "woman b" in capsys.readouterr().err
    assert len(pd.read_csv(out / "predictions.csv")) == 2


def test_a_cluster_gives_the_same_numbers(tmp_path):
    distributed = pytest.importorskip("distributed")
    path = write(
        tmp_path / "r.csv", rows("a"), rows("b", menopause=47), rows("c", unit="stones"), rows("d")
    )
    here = forecast(path)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = forecast(path, tmp_path / "out", scheduler=cluster.scheduler_address)
    pd.testing.assert_frame_equal(here.table, there.table)
    assert here.failed.keys() == there.failed.keys() == {"c"}
    again = forecast(path, tmp_path / "out")  # from what the cluster left
    pd.testing.assert_frame_equal(here.table, again.table)


def test_workers_are_of_a_cluster_and_threads_are_not(tmp_path):
    path = write(tmp_path / "r.csv", rows("a"))
    with pytest.raises(ConfigError, match="workers belong to a cluster"):
        forecast(path, workers=2)
    with pytest.raises(ConfigError, match="threads are of this process"):
        forecast(path, scheduler="local", threads=2)
    pytest.importorskip("distributed")
    with pytest.raises(ConfigError, match="no Dask scheduler answers at 'nowhere'"):
        forecast(path, tmp_path / "out", scheduler="nowhere")
    assert not (tmp_path / "out").exists()


def test_draws_are_added_where_few_suit_a_woman(tmp_path, monkeypatch):
    who = "b,72,female,50,25,,"
    markers = "".join(f"{who}ctx,{m},1.5,ng/mL,fit\n" for m in (0, 3, 6, 9)) + (
        f"{who}p1np,0,25,ug/L,fit\n{who}p1np,3,25,ug/L,fit\n"
        f"{who}ctx,12,1,ng/mL,predict\n{who}bmd_total_hip,12,1,g/cm2,predict\n"
    )
    path = write(tmp_path / "t.csv", rows("a"), markers)
    added = forecast(path).table.set_index("woman")
    assert forecast(path, threads=1).table.set_index("woman").equals(added)
    monkeypatch.setattr("remodel.individuals.table._ENOUGH", 0.0)
    plain = forecast(path).table.set_index("woman")
    assert (added.loc["b", "effective_size"] > 1.5 * plain.loc["b", "effective_size"]).all()
    assert added.loc["a"].equals(plain.loc["a"])
    assert added.loc["b", "mean"].iloc[0] == pytest.approx(plain.loc["b", "mean"].iloc[0], rel=0.2)


def test_unknown_menopause_is_not_bounded_by_the_age_of_other_women(tmp_path):
    old, young = rows("a", menopause=""), rows("b", age=43, menopause="", first=0.9)
    alone = forecast(write(tmp_path / "alone.csv", old))
    mixed = forecast(write(tmp_path / "mixed.csv", old, young, rows("c", age=30, menopause="")))
    assert set(mixed.failed) == {"c"}
    assert "30 y with menopause behind her" in mixed.failed["c"]
    numbers = ["mean", "sd", "low_90", "high_90", "effective_size"]
    assert mixed.table.loc[0, numbers].equals(alone.table.loc[0, numbers])


def test_a_row_of_a_wrong_use_is_in_the_predictions_with_what_is_wrong(tmp_path):
    wrong = rows("b").replace("predict", "forecast")
    result = forecast(write(tmp_path / "t.csv", rows("a"), wrong), tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("woman")
    assert list(table.index) == ["a", "b"]
    assert "use = 'forecast': expected fit or predict" in table.loc["b", "problem"]
    assert np.isnan(table.loc["b", "mean"])
    assert set(result.failed) == {"b"}
