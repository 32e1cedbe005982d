"""``remodel sweep``: what people see, and the exit codes scripts rely on."""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest
import xarray as xr

from remodel.cli.main import main

pytest.importorskip("zarr")

DESIGN = """
model = "pivonka2008"
kind = "grid"
years = 1
outputs = ["osteoclasts"]

[factors.P_PTH]
values = [0, 100, 500, 1000]

[factors.k_form]
lower = 1.2
upper = 2.0
count = 10

[solver]
max_steps = 1000
"""


SAMPLE = """
model = "pivonka2008"
kind = "sobol"
samples = 100
years = 1
outputs = ["osteoclasts"]

[factors]
P_PTH = { lower = 1, upper = 1000 }
k_form = { lower = 1.2, upper = 2.0 }
"""


@pytest.fixture
def design(tmp_path):
    file = tmp_path / "design.toml"
    file.write_text(DESIGN)
    return file


def said(capsys) -> tuple[str, str]:
    found = capsys.readouterr()
    return found.out, found.err


def test_a_sweep_says_what_it_stored(design, tmp_path, capsys):
    store = tmp_path / "s.zarr"
    assert main(["sweep", str(design), "--out", str(store), "--chunk", "8"]) == 0
    out, err = said(capsys)
    assert f"{store}: 40 of 40 simulations in 8 of 8 chunks" in out
    assert re.search(r"KiB, in (under 0.1|[\d.]+) s\.\n", out)
    assert err == ""
    assert (xr.open_zarr(store)["status"] == 0).all()
    assert main(["sweep", "status", str(store)]) == 0
    assert "40 of 40 simulations in 8 of 8 chunks" in said(capsys)[0]


def test_a_dry_run_tells_size_time_memory_and_disk_and_writes_nothing(design, tmp_path, capsys):
    assert main(["sweep", str(design), "--out", str(tmp_path / "s.zarr"), "--dry-run"]) == 0
    out = said(capsys)[0]
    for word in ("40 (P_PTH 4 x k_form 10)", "time", "memory", "disk", "chunks"):
        assert word in out
    assert list(tmp_path.iterdir()) == [design]


def test_a_dry_run_of_a_small_sweep_is_near_the_size_of_its_store(design, tmp_path, capsys):
    store = tmp_path / "s.zarr"
    for text in (DESIGN, SAMPLE):
        design.write_text(text)
        assert main(["sweep", str(design), "--dry-run"]) == 0
        said_size = re.search(r"disk +about ([\d.]+) KiB;", said(capsys)[0])
        assert said_size is not None
        assert main(["sweep", str(design), "--out", str(store)]) == 0
        size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file()) / 1024
        assert float(said_size[1]) == pytest.approx(size, rel=0.25)
        shutil.rmtree(store)


def test_a_sample_has_no_dimensions_to_name_and_is_remarked_on(design, capsys):
    design.write_text(SAMPLE)
    assert main(["sweep", str(design), "--dry-run"]) == 0
    out, err = said(capsys)
    assert "simulations  100\n" in out
    assert err == (
        "remodel: samples: 100 is not a power of 2, and sobol points are even only for one; "
        "take 64 or 128.\n"
    )


def test_a_dry_run_of_a_sample_drawn_as_a_whole_does_not_draw_it(design, capsys, monkeypatch):
    from remodel.sweeps import samples

    drawn = []
    draw = samples._POINTS["morris"]
    monkeypatch.setitem(samples._POINTS, "morris", lambda d: drawn.append(d.samples) or draw(d))
    design.write_text(SAMPLE.replace('"sobol"', '"morris"').replace("100", "5000000", 1))
    assert main(["sweep", str(design), "--dry-run"]) == 0
    assert "simulations  15,000,000\n" in said(capsys)[0]
    assert drawn == [1024]


def test_a_list_of_no_failures_has_a_header(design, tmp_path, capsys):
    table = tmp_path / "failed.csv"
    arguments = ["sweep", str(design), "--out", str(tmp_path / "s.zarr"), "--failures", str(table)]
    assert main(arguments) == 0
    assert table.read_text() == "simulation,P_PTH,k_form,status,stopped_at,cause\n"


def test_failures_are_listed_with_their_parameters_and_cause_and_the_code_is_3(
    design, tmp_path, capsys
):
    store, table = tmp_path / "s.zarr", tmp_path / "failed.csv"
    assert main(["sweep", str(design), "--out", str(tmp_path / "good.zarr")]) == 0
    good = xr.open_zarr(tmp_path / "good.zarr").load()
    most = int((good["steps"] + good["rejected_steps"]).max())
    design.write_text(DESIGN.replace("max_steps = 1000", f"max_steps = {most - 1}"))
    capsys.readouterr()
    arguments = ["sweep", str(design), "--out", str(store), "--failures", str(table)]
    assert main(arguments) == 3
    out = said(capsys)[0]
    listed = pd.read_csv(table)
    assert 0 < len(listed) < 40
    assert f"{len(listed)} failed" in out
    assert "too_many_steps" in out
    assert "The step limit was reached" in out
    assert "P_PTH" in out
    assert set(listed.columns) >= {"simulation", "P_PTH", "k_form", "status", "cause"}
    assert main(["sweep", "status", str(store)]) == 3
    retry = ["sweep", str(design), "--out", str(store), "--retry-failed", "--max-steps", "5000"]
    assert main(retry) == 0
    assert (xr.open_zarr(store)["status"] == 0).all()


def test_netcdf_on_request_holds_the_same(design, tmp_path):
    store, file = tmp_path / "s.zarr", tmp_path / "s.nc"
    assert main(["sweep", str(design), "--out", str(store), "--netcdf", str(file)]) == 0
    with xr.open_dataset(file, engine="h5netcdf") as found:
        expected = xr.open_zarr(store)
        for name in found.data_vars:
            xr.testing.assert_equal(found[name].load(), expected[name].load())
        assert found["osteoclasts"].attrs["units"] == "pM"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{design}"], "--out STORE.zarr is missing"),
        (["nowhere.toml", "--out", "{out}"], "nowhere.toml cannot be read"),
        (["status"], "the following arguments are required: STORE.zarr. See: remodel sweep status"),
        (["status", "{folder}"], "is not a store of a sweep"),
        (["status", "{folder}/no.zarr"], "there is no store"),
        (["{design}", "x.zarr"], "x.zarr is not understood"),
        (["{design}", "--out", "{out}", "--threads", "0"], "threads = 0: must be a whole number"),
        (["{design}", "--out", "{out}", "--workers", "2"], "workers belong to a cluster"),
        (["{design}", "--out", "{out}", "--rtol", "1e-3"], "--rtol is for --retry-failed"),
        (["{design}", "--out", "{out}", "--retry-failed"], "needs another way to solve them"),
        (["{design}", "--out", "{out}", "--chunk", "0"], "chunk = 0: must be a whole number"),
        (["{design}", "--out", "{out}", "--netcdf", "x.txt"], "the name must end in .nc"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_one_sentence_and_nothing_is_written(
    arguments, says, design, tmp_path, capsys
):
    words = {"design": design, "out": tmp_path / "s.zarr", "folder": tmp_path}
    assert main(["sweep", *(a.format(**words) for a in arguments)]) == 2
    out, err = said(capsys)
    assert out == ""
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "s.zarr").exists()
