"""The same sweep on a Dask cluster, whose workers come, go and die."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from remodel.errors import ConfigError, StoreError
from remodel.sweeps import open_store, summary_of, sweep

pytest.importorskip("zarr")
distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DESIGN = {
    "model": "pivonka2008",
    "kind": "grid",
    "years": 2,
    "step_months": 1,
    "outputs": ["osteoclasts", "bone_volume_percent_change"],
    "factors": {
        "P_PTH": {"lower": 0.0, "upper": 2000.0, "count": 30},
        "k_form": {"lower": 1.2, "upper": 2.0, "count": 20},
    },
}


@pytest.fixture
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as running:
        yield running


def test_a_cluster_gives_the_same_store_as_one_machine(tmp_path, cluster):
    whole = sweep(DESIGN, tmp_path / "whole.zarr", chunk=50)
    found = sweep(DESIGN, tmp_path / "s.zarr", chunk=50, scheduler=cluster.scheduler_address)
    assert found.identical(whole)


def test_a_worker_that_is_killed_loses_and_doubles_nothing(tmp_path, cluster):
    whole = sweep(DESIGN, tmp_path / "whole.zarr", chunk=10)
    told = []

    def kill_one(finished: int, _failed: int) -> None:
        told.append(finished)
        if len(told) in (5, 25):
            victim = next(iter(cluster.workers.values()))
            victim.process.process._process.kill()  # as kill -9 does

    found = sweep(
        DESIGN, tmp_path / "s.zarr", chunk=10, scheduler=cluster.scheduler_address,
        progress=kill_one,
    )  # fmt: skip
    assert found.identical(whole)
    assert sum(told) == 600
    assert summary_of(open_store(tmp_path / "s.zarr")).is_complete


def test_a_store_begun_here_is_continued_on_a_cluster_and_back(tmp_path, cluster):
    from remodel.sweeps.local import SweepStoppedError

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "s.zarr"
    with pytest.raises(SweepStoppedError):
        sweep(DESIGN, path, chunk=20, progress=stop)
    with pytest.raises(SweepStoppedError):
        sweep(DESIGN, path, resume=True, scheduler=cluster.scheduler_address, progress=stop)
    assert sweep(DESIGN, path, resume=True).identical(sweep(DESIGN, tmp_path / "w.zarr", chunk=20))


def test_a_scheduler_that_does_not_answer_is_named_within_seconds(tmp_path):
    begun = time.monotonic()
    with pytest.raises(ConfigError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        sweep(DESIGN, tmp_path / "s.zarr", scheduler="tcp://127.0.0.1:9")
    assert time.monotonic() - begun < 15
    with pytest.raises(ConfigError, match="no Dask scheduler answers at 'nonsense'"):
        sweep(DESIGN, tmp_path / "s.zarr", scheduler="nonsense")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64])
def test_a_server_that_is_no_scheduler_is_named_within_seconds(greeting, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines = []

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    lines.append(server.accept()[0])
                    lines[-1].sendall(greeting)

        threading.Thread(target=answer, daemon=True).start()
        address, begun = f"tcp://127.0.0.1:{server.getsockname()[1]}", time.monotonic()
        with pytest.raises(ConfigError, match=f"no Dask scheduler answers at '{address}'"):
            sweep(DESIGN, tmp_path / "s.zarr", scheduler=address)
        assert time.monotonic() - begun < 15
        for line in lines:
            line.close()
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_needs_a_store_on_disk():
    with pytest.raises(ConfigError, match="need a store on a disk they share"):
        sweep(DESIGN, scheduler="local")


def test_a_worker_that_cannot_see_the_store_says_so(tmp_path):
    from remodel.sweeps.cluster import SentDesign, simulate_and_store
    from remodel.sweeps.load import load_design

    with pytest.raises(
        StoreError, match=r"does not see .*nowhere.zarr; the store must be on a disk"
    ):
        simulate_and_store(str(tmp_path / "nowhere.zarr"), SentDesign.of(load_design(DESIGN)), 0)


OWN = """
from remodel.equations import endpoint, loss, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

bone = state("bone", "-", "Bone")


@loss("bone")
def resorption(lost, bone):
    return lost * bone


@quantity
def bone_0():
    return 1.0


@endpoint(unit="-", meaning="Bone that is left")
def density(bone):
    return 1.0 * bone


OWN = Model(
    name="own",
    title="a model of my own",
    citation="none",
    parts=(bone, resorption, bone_0, starts_at("bone", "bone_0"), density),
    parameters=ParameterSet([Parameter("lost", 0.001, "1/d", 0.0, 1.0, "loss", "made up")]),
)
"""
RATES = {
    "kind": "grid",
    "years": 2,
    "outputs": ["density"],
    "factors": {"lost": {"lower": 0.0005, "upper": 0.005, "count": 20}},
}


def test_workers_simulate_a_model_of_ones_own_from_a_file(tmp_path, cluster):
    (tmp_path / "own.py").write_text(OWN)
    design = {**RATES, "model": f"{tmp_path}/own.py:OWN"}
    whole = sweep(design, tmp_path / "whole.zarr", chunk=4)
    found = sweep(design, tmp_path / "s.zarr", chunk=4, scheduler=cluster.scheduler_address)
    assert found.identical(whole)
    assert float(found["density"][0, -1]) == pytest.approx(0.6940, abs=1e-4)


def test_workers_simulate_a_model_made_in_python(tmp_path, cluster):
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(OWN, namespace)  # as in a notebook
    model = namespace["OWN"]
    whole = sweep(RATES, tmp_path / "whole.zarr", chunk=4, model=model)
    found = sweep(
        RATES, tmp_path / "s.zarr", chunk=4, model=model, scheduler=cluster.scheduler_address
    )
    assert found.identical(whole)


def test_workers_on_this_machine_listen_on_this_machine_only(tmp_path):
    psutil = pytest.importorskip("psutil")
    from remodel.sweeps.cluster import connected

    with connected("local", 2):
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        addresses = {
            line.laddr.ip
            for process in processes
            for line in process.net_connections()
            if line.status == psutil.CONN_LISTEN
        }
    assert addresses == {"127.0.0.1"}
