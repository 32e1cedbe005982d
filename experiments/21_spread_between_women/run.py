"""Estimate how women differ, from published spreads and repeated scans, and check it.

    python experiments/21_spread_between_women/run.py [--scans FILE.csv] [--install] [--out DIR]

``targets.csv`` names the published numbers and which of them are kept for the check. ``--scans`` is
a table of repeated hip scans (woman, years, age_at_visit_2, bmd_total_hip, bmd_femoral_neck), of
which three women in five are fitted; without it, wander has the growth and tails that it has.
``--install`` writes the result into the preset and the instruments of the package.
"""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import scans as repeated
from check_scans import compared
from estimate import PRIORS, changed, estimate
from moments import load_arms, load_targets, scored, see

from remodel.measurement.instruments import load_instruments
from remodel.populations.load import load_definition

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "src" / "remodel"
PRESETS = PACKAGE / "populations" / "presets"
OF_TRIALS = ("aromatase_inhibitor", "osteoporosis")
INSTRUMENTS = PACKAGE / "measurement" / "instruments.toml"


def main() -> int:
    options = arguments()
    targets, spread, tools = load_targets(), load_definition(OF_TRIALS[0]), load_instruments()
    fit = None
    if options.scans:
        table_of_scans = pd.read_csv(options.scans)
        fitted, _ = repeated.sides(table_of_scans)
        known = {f"scan_{s}": 100 * PRIORS[f"scan_{s}"][0] for s in repeated.SITES}
        known |= {f"slope_sd_{SITE[s]}": value_of(targets, f"sof_slope_{s}") for s in SITE}
        fit = repeated.fit_scans(fitted, fixed={**known, "scan_r": 0.2})
        v, e = fit.sizes, fit.errors
        print(f"scans of {fit.women} women, log-likelihood {fit.log_likelihood:.1f}")
        for name, value in v.items():
            print(f"  {name:24s} {value:8.3f} +- {e.get(name, 0):.3f}")
        wander = replace(spread.wander, growth=v["wander_growth"], freedom=v["freedom"], sd=(
            spread.wander.sd[0], v["wander_total_hip"] / 100, v["wander_femoral_neck"] / 100),
            correlation=(*spread.wander.correlation[:2], v["wander_r"]))  # fmt: skip
        spread = replace(spread, wander=wander)
    for_fit = targets[targets["side"] == "estimation"]
    estimated = estimate(for_fit, load_arms(for_fit), spread, tools, n=options.women)
    print(f"moments: cost {estimated.cost:.2f} of {len(for_fit)} targets and {len(PRIORS)} priors")
    for name, value in estimated.spreads.items():
        low, high = estimated.interval(name)
        print(f"  {name:24s} {value:8.4f} ({low:.4f} to {high:.4f}), {estimated.verdict(name)}")
    spread, tools = changed(spread, tools, estimated.spreads)
    table = scored(targets, see(load_arms(targets), 4 * options.women, spread, tools, seed=7))
    report(table, estimated, fit, options.out or HERE / "results")
    if fit is not None:
        community = replace(
            spread,
            wander=replace(
                spread.wander,
                sd=(spread.wander.sd[0], *(fit.sizes[f"wander_{s}"] / 100 for s in repeated.SITES)),
            ),
        )
        kept = compared(repeated.sides(table_of_scans)[1], community, tools)
        kept.to_csv((options.out or HERE / "results") / "kept_scans.csv", index=False)
        print(kept.round(3).to_string(index=False))
    if options.install:
        install(content_of(estimated), None if fit is None else fit.sizes)
    return 0


def value_of(targets: pd.DataFrame, name: str) -> float:
    """Return the published value of a target."""
    return float(targets["value"][targets["target"] == name].iloc[0])


SITE = {"hip": "total_hip", "neck": "femoral_neck"}


def report(table, estimated, fit, out: Path) -> None:
    """Print and write the targets with what the women give."""
    out.mkdir(parents=True, exist_ok=True)
    columns = ["target", "side", "value", "low", "high", "simulated", "near"]
    table.to_csv(out / "targets.csv", index=False)
    print(table[columns].round(3).to_string(index=False))
    for side, rows in table.groupby("side"):
        missed = ", ".join(rows["target"][~rows["near"]])
        print(f"{side}: {rows['near'].sum()} of {len(rows)} near ({rows['near'].mean():.0%}); "
              f"missed: {missed}")  # fmt: skip
    content = content_of(estimated)
    if fit is not None:
        content["scans"] = {"values": fit.sizes, "errors": fit.errors, "women": fit.women}
    (out / "estimate.json").write_text(json.dumps(content, indent=1))


def content_of(estimated) -> dict[str, dict[str, object]]:
    """Return each spread with its interval of 90 % and verdict."""
    return {
        name: {"sd": value, "low": estimated.interval(name)[0], "high": estimated.interval(name)[1],
               "verdict": estimated.verdict(name)}
        for name, value in estimated.spreads.items()
    }  # fmt: skip


def install(spreads, fit) -> None:
    """Write the result into the presets and the instruments.

    Wander of trials goes to the presets of trials, that of the scans to women of a community; the
    spine, of which there are no scans, wanders more there in proportion to the hip.
    """
    texts = {name: (PRESETS / f"{name}.toml").read_text("utf-8")
             for name in ("postmenopausal", *OF_TRIALS)}  # fmt: skip
    tools = INSTRUMENTS.read_text("utf-8")
    wander = {}
    for name, entry in spreads.items():
        if name.startswith("scan_"):
            table = f"scans.bmd_{name.removeprefix('scan_')}"
            tools = put(tools, table, "long_term", entry["sd"])
        elif name.startswith("wander_"):
            wander[name.removeprefix("wander_")] = entry["sd"]
        else:
            text = texts["postmenopausal"]
            for key, value in (
                ("sd", entry["sd"]),
                ("sd_low", entry["low"]),
                ("sd_high", entry["high"]),
                ("verdict", f'"{entry["verdict"]}"'),
            ):
                text = put(text, f"parameter.{name}", key, value)
            texts["postmenopausal"] = text
    for name, text in texts.items():
        if fit is None:  # without scans only components and instruments are written
            continue
        ratio = fit["wander_femoral_neck"] / fit["wander_total_hip"]
        sizes = {**wander, "femoral_neck": ratio * wander["total_hip"]}
        if name not in OF_TRIALS:
            more = fit["wander_total_hip"] / 100 / wander["total_hip"]
            sizes = {site: more * size for site, size in sizes.items()}
        listed = ", ".join(f"{site} = {size:.4g}" for site, size in sizes.items())
        sized = put(text, "wander", "sd", f"{{ {listed} }}")
        sized = put(sized, "wander", "growth", fit["wander_growth"])
        texts[name] = put(sized, "wander", "freedom", fit["freedom"])
    for name, text in texts.items():
        (PRESETS / f"{name}.toml").write_text(text, "utf-8")
    INSTRUMENTS.write_text(tools, "utf-8")


def put(text: str, table: str, key: str, value: object) -> str:
    """Return TOML text with another value of a key, added where it is missing."""
    shown = value if isinstance(value, str) else f"{value:.4g}"
    begin = text.index(f"[{table}]\n")
    end = text.find("\n[", begin + 1)
    end = len(text) if end < 0 else end
    section = text[begin:end]
    line = f"{key} = {shown}"
    new, count = re.subn(rf"(?m)^{key} = .*$", line, section)
    if not count:
        new = section.rstrip("\n") + f"\n{line}\n"
    return text[:begin] + new + text[end:]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--scans", type=Path)
    parser.add_argument("--women", type=int, default=600, help="of each arm")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    raise SystemExit(main())
