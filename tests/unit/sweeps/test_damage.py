"""Whatever happens to the files of a store is noticed, and repaired where the rest allows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from remodel.cli.main import main
from remodel.errors import StoreError
from remodel.sweeps import open_sweep, summary_of, sweep, write_netcdf
from remodel.sweeps.damage import summarized
from remodel.sweeps.store import open_store

zarr = pytest.importorskip("zarr")

OUTPUT, REDUCTION = "bone_volume_percent_change", "least_bone"


def files_of(store: Path) -> dict[str, bytes]:
    return {str(f.relative_to(store)): f.read_bytes() for f in store.rglob("*") if f.is_file()}


def file_of(store: Path, array: str, number: int = 3) -> Path:
    """Return the file of one chunk of an array."""
    files = sorted(f for f in (store / array / "c").rglob("*") if f.is_file())
    return files[min(number, len(files) - 1)]


def removed(array: str) -> Callable[[Path], None]:
    return lambda store: file_of(store, array).unlink()


def cut(share: float) -> Callable[[Path], None]:
    def damage(store: Path) -> None:
        file = file_of(store, OUTPUT)
        content = file.read_bytes()
        file.write_bytes(content[: int(share * len(content))])

    return damage


def inverted(array: str, share: float, n: int = 1) -> Callable[[Path], None]:
    def damage(store: Path) -> None:
        file = file_of(store, array)
        content = bytearray(file.read_bytes())
        first = int(share * (len(content) - n))
        for i in range(first, first + n):
            content[i] ^= 0xFF
        file.write_bytes(content)

    return damage


def replaced_by_a_link(store: Path) -> None:
    file = file_of(store, OUTPUT)
    file.unlink()
    file.symlink_to(file_of(store, OUTPUT, 5))


def swapped(store: Path) -> None:
    one, other = file_of(store, OUTPUT), file_of(store, OUTPUT, 5)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def written(path: str, content: str) -> Callable[[Path], None]:
    def damage(store: Path) -> None:
        (store / path).write_text(content)

    return damage


def truncated(store: Path) -> None:
    file = store / "zarr.json"
    file.write_text(file.read_text()[:700])


def shape_changed(store: Path) -> None:
    file = store / OUTPUT / "zarr.json"
    content = json.loads(file.read_text())
    content["shape"][0] -= 1
    file.write_text(json.dumps(content))


def status_of_one_simulation(store: Path) -> None:
    """As another program would write it, with the right checksum in the file."""
    zarr.open_group(store, mode="r+", use_consolidated=False)["status"][0, 0] = -1


def record_changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(store: Path) -> None:
        file = store / "zarr.json"
        content = json.loads(file.read_text())
        record = json.loads(content["attributes"]["sweep"])
        changed = change(record)
        text = json.dumps(record if changed is None else changed)
        content["attributes"]["sweep"] = text
        file.write_text(json.dumps(content))

    return damage


def record_not_json(store: Path) -> None:
    file = store / "zarr.json"
    content = json.loads(file.read_text())
    content["attributes"]["sweep"] = "{half"
    file.write_text(json.dumps(content))


REPAIRED = {
    "chunk of an output removed": removed(OUTPUT),
    "cut to half": cut(0.5),
    "cut to nothing": cut(0.0),
    "one byte inverted in the middle": inverted(OUTPUT, 0.5),
    "one late byte inverted": inverted(OUTPUT, 0.9),
    "sixteen bytes inverted": inverted(OUTPUT, 0.5, 16),
    "header byte inverted": inverted(OUTPUT, 0.0),
    "replaced by a link to another": replaced_by_a_link,
    "two chunks swapped": swapped,
    "chunk of a reduction removed": removed(REDUCTION),
    "late byte of a reduction inverted": inverted(REDUCTION, 0.9),
    "chunk of steps removed": removed("steps"),
    "chunk of status removed": removed("status"),
    "chunk of stopped_at removed": removed("stopped_at"),
    "a status of -1": status_of_one_simulation,
    "entry of chunk_done removed": removed("chunk_done"),
    "entry of chunk_done inverted": inverted("chunk_done", 0.5),
    "coordinate of a factor removed": removed("P_PTH"),
    "coordinate of a factor inverted": inverted("k_form", 0.5),
    "coordinate of time removed": removed("time"),
    "an array removed": lambda store: shutil.rmtree(store / OUTPUT),
    "an outcome removed": lambda store: shutil.rmtree(store / "status"),
    "a factor removed": lambda store: shutil.rmtree(store / "k_form"),
    "chunk_done removed": lambda store: shutil.rmtree(store / "chunk_done"),
    "metadata of an array garbage": written(f"{OUTPUT}/zarr.json", "no json"),
    "metadata of an array emptied": written(f"{OUTPUT}/zarr.json", ""),
    "metadata of an array of another kind": written(f"{OUTPUT}/zarr.json", "[1, 2]"),
    "metadata of chunk_done garbage": written("chunk_done/zarr.json", "\x00\x01"),
    "shape of an array changed": shape_changed,
}
REFUSED = {
    "root metadata removed": lambda store: (store / "zarr.json").unlink(),
    "root metadata garbage": written("zarr.json", "garbage"),
    "root metadata truncated": truncated,
    "record without layout": record_changed(lambda r: r.pop("layout") and None),
    "record without fingerprint": record_changed(lambda r: r.pop("design_fingerprint") and None),
    "record with another block size": record_changed(
        lambda r: r["layout"].update(block=[1, 2]) and None
    ),
    "record with null parameters": record_changed(lambda r: r.update(parameters=None)),
    "record with a wrong count": record_changed(lambda r: r.update(simulations=29)),
    "record that is no mapping": record_changed(lambda _: [1, 2]),
    "record that is not JSON": record_not_json,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A design, and a store of it that is not damaged."""
    folder = tmp_path_factory.mktemp("whole")
    design = folder / "design.toml"
    design.write_text(
        'model = "pivonka2008"\nkind = "grid"\nyears = 1\n'
        f'outputs = ["osteoclasts", "{OUTPUT}"]\n'
        f'[reductions.{REDUCTION}]\nof = "bone_volume"\ntake = "minimum"\n'
        "[factors]\nP_PTH = { values = [0, 100, 500, 1000, 2000] }\n"
        "k_form = { lower = 1.2, upper = 2.0, count = 6 }\n"
    )
    sweep(design, folder / "s.zarr", chunk=4)
    return design, folder / "s.zarr"


@pytest.mark.parametrize("kind", REPAIRED)
def test_damage_is_told_and_repaired_to_the_last_byte(kind, whole, tmp_path, capsys):
    design, path = whole
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    REPAIRED[kind](store)

    code = main(["sweep", "status", str(store)])
    said = capsys.readouterr()
    assert (code, said.err) in ((3, ""), (0, ""))
    assert ("Damaged: " in said.out) == (code == 3)
    assert "Not complete; run it again with --resume." in said.out
    if code == 0:  # a chunk that was never marked, as after a crash
        assert kind.startswith("entry of chunk_done")
    else:
        with pytest.raises(StoreError, match=r"is damaged: .* Continue it with --resume"):
            open_sweep(store)
        with pytest.raises(StoreError, match="is damaged"):
            write_netcdf(store, tmp_path / "s.nc")
        assert not (tmp_path / "s.nc").exists()

    assert main(["sweep", str(design), "--out", str(store), "--resume"]) == 0
    assert "30 of 30 simulations in 10 of 10 chunks" in capsys.readouterr().out
    assert summary_of(store).damage == ()
    assert files_of(store) == files_of(path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["s.zarr", "s.zarr.provenance.json"]


@pytest.mark.parametrize("kind", REFUSED)
def test_a_store_that_does_not_say_what_it_is_is_refused_in_one_sentence(
    kind, whole, tmp_path, capsys
):
    design, path = whole
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    REFUSED[kind](store)
    before = files_of(store)
    for command in (["status", str(store)], [str(design), "--out", str(store), "--resume"]):
        assert main(["sweep", *command]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert "is damaged: its record" in said.err or "is not a store of a sweep" in said.err
    assert files_of(store) == before


def test_only_what_was_damaged_is_simulated_again(whole, tmp_path, heard):
    design, path = whole
    store = tmp_path / "s.zarr"
    shutil.copytree(path, store)
    for kind in ("chunk of an output removed", "an array removed"):
        REPAIRED[kind](store)
        sweep(design, store, resume=True, progress=heard)
    assert [n for what, n, *_ in heard.calls if what == "start"] == [3, 30]


def test_a_sample_is_repaired_too(designs, tmp_path):
    store = tmp_path / "s.zarr"
    sweep(designs.sample(), store, chunk=9)
    before = files_of(store)
    for array in ("k_form", "simulation", "osteoclasts"):
        file_of(store, array).unlink()
    shutil.rmtree(store / "P_PTH")
    damage = {d.array for d in summary_of(store).damage}
    assert damage == {"k_form", "simulation", "osteoclasts", "P_PTH"}
    sweep(designs.sample(), store, resume=True)
    assert files_of(store) == before


def test_a_store_moved_elsewhere_simply_works(whole, tmp_path, capsys):
    design, path = whole
    store = tmp_path / "elsewhere" / "t.zarr"
    shutil.copytree(path, store)
    assert main(["sweep", "status", str(store)]) == 0
    assert open_sweep(store).identical(open_sweep(path))
    assert main(["sweep", str(design), "--out", str(store), "--resume"]) == 0
    assert files_of(store) == files_of(path)


def test_a_store_without_any_result_is_whole(designs, tmp_path):
    """Chunks of excluded simulations have files too, so that a missing one is noticed."""
    store = tmp_path / "s.zarr"
    sweep(designs.grid(constraints=["P_PTH > 100"]), store, chunk=6)
    assert summary_of(store).damage == ()
    assert np.isnan(open_store(store).read("osteoclasts", 0)).all()
    file_of(store, "osteoclasts", 0).unlink()
    assert summarized(summary_of(store).damage) == (
        "chunk 0: its file of 'osteoclasts' cannot be read"
    )
