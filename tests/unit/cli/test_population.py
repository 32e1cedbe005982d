"""``remodel population`` and ``remodel simulate --patients``."""

import pandas as pd
import pytest

from remodel.cli.main import main

AI = "anastrozole 1 mg daily for 1 y"


def test_women_are_drawn_written_and_simulated(tmp_path, capsys):
    path, table = str(tmp_path / "women.csv"), str(tmp_path / "change.csv")
    assert (
        main(["population", "--n", "8", "--like", "osteoporosis", "--seed", "2", "--out", path])
        == 0
    )
    shown = capsys.readouterr().out
    assert "8 women" in shown
    assert "t score total hip" in shown
    women = pd.read_csv(path)
    assert women["woman"].tolist() == list(range(8))
    code = main(["simulate", "--patients", path, "--arm", f"inhibitor={AI}", "--arm", "nothing=none",
                 "--years", "1", "--out", table])  # fmt: skip
    assert code == 0
    shown = capsys.readouterr().out
    assert "inhibitor: 8 women at year 1" in shown
    assert "95%" in shown
    rows = pd.read_csv(table)
    assert sorted(set(rows["arm"])) == ["inhibitor", "nothing"]
    assert sorted(set(rows["woman"])) == list(range(8))


WRONG = [
    (["population", "--like", "osteoporos"], "Did you mean 'osteoporosis'"),
    (["population", "--n", "0"], "n = 0"),
    (["population", "--seed", "-1"], "seed = -1"),
    (["population", "own.toml", "--like", "osteoporosis"], "not both"),
    (["population", "missing.toml"], "missing.toml"),
    (["population", "--out", "women.txt"], "FILE.csv or FILE.zarr"),
    (["simulate", "--patients", "missing.csv"], "missing.csv"),
    (["simulate", "--patients", "women.csv", "--age", "60"], "--patients"),
    (["simulate", "--patients", "women.csv", "--plot", "x.png"], "--plot"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG)
def test_wrong_input_is_one_sentence(arguments, sentence, capsys):
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.count("\n") == 1
