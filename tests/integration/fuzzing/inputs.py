"""Inputs that people and accidents produce: valid ones, then broken in seeded random ways."""

from __future__ import annotations

import random
import string

TOML = {
    "experiment": """\
title = "Two arms"
question = "Which?"
years = 2
step_months = 3
outputs = ["bmd_total_hip_percent_change"]
[patient]
age = 65
menopause_age = 50
t_score_total_hip = -2.1
[solver]
rtol = 1e-6
[quick]
arms = ["alone"]
[arms.alone]
schedule = "anastrozole 1 mg daily"
observed_from = { "zofast/zol_delayed" = 12 }
[arms.trial]
label = "the trial"
published = "halt_bc_ellis2008/ai_denosumab"
patient = { age = 60 }
[[figures]]
name = "one"
variables = ["ctx_percent_change"]
title = "Markers"
years = 1
[[figures]]
name = "two"
kind = "phase_plane"
arms = ["trial"]
""",
    "models": """\
title = "Two models"
models = ["jorg2022", "peterson2010"]
years = 1
[arms.untreated]
models = ["peterson2010"]
parameters.peterson2010 = { ESTON = 1 }
[arms.denosumab]
published = "bone2011/denosumab"
exact_doses = ["peterson2010"]
[scenarios.denosumab]
shown = ["denosumab"]
compared = ["denosumab"]
years = 2
[[figures]]
name = "both"
kind = "models"
variables = ["ctx_percent_change"]
""",
    "grid": """\
title = "A grid"
model = "pivonka2008"
kind = "grid"
years = 1
step_months = 3
outputs = ["bone_volume"]
precision = "float32"
constraints = ["P_PTH < 900"]
[solver]
max_steps = 1000
[reductions.most_bone]
of = "bone_volume"
take = "maximum"
from_months = 1
[factors.P_PTH]
values = [0, 100, 500, 1000]
[factors.k_form]
lower = 1.2
upper = 2.0
count = 5
""",
    "sample": """\
kind = "sobol"
samples = 8
seed = 3
years = 2
schedule = "denosumab {dose} mg every {interval} mo x 2"
stored_months = [0, 6, 12]
outputs = ["ctx_percent_change"]
[patient]
menopause_age = 50
[parameters]
osteoclast_turnover_rate = 0.07
[factors.dose]
lower = 30
upper = 60
[factors.interval]
lower = 3
upper = 6
unit = "mo"
[factors.age]
lower = 60
upper = 70
scale = "log"
""",
    "list": """\
kind = "list"
years = 1
schedule = "{drug} every 6 mo"
outputs = ["ctx_percent_change"]
[factors.drug]
values = ["denosumab 60 mg", "zoledronic acid 4 mg"]
""",
    "problem": """\
title = "A fit"
model = "reference"
estimate = ["osteoclast_turnover_rate"]
[[data]]
shipped = true
held_out = ["bone2011"]
[[data]]
observations = "observations.csv"
regimens = "regimens.csv"
optional = true
[objective]
loss = "soft_l1"
loss_scale = 2.0
spreads = "shipped"
rounds = 1
[starts]
count = 2
seed = 1
max_evaluations = 10
global_evaluations = 0
[quick]
starts = 1
studies = ["freedom"]
""",
    "parameters": """\
about = "Two parameters"
[osteoclast_turnover_rate]
value = 0.07
unit = "1/d"
lower = 0.03
upper = 0.15
status = "estimated"
prior = { kind = "lognormal", sd = 0.5 }
provenance = "recalled"
meaning = "Rate"
source = "Manolagas 2000"
symbol = "k_C"
[anastrozole.clearance]
value = 1.5
unit = "L/h"
lower = 1
upper = 2
meaning = "Clearance"
source = "label"
""",
}
CSV = {
    "observations": """\
study_id,arm,endpoint,time_months,value,unit,kind,error,error_low,error_high,error_kind,n,flag,relative_to,baseline
mine,drug,bmd_total_hip,12,2.5,percent,change,,2.1,2.9,95ci,60,,baseline,
mine,drug,ctx,6,<0.03,ng/mL,level,,,,,58,,baseline,
mine,drug,p1np,6,-50,percent,change,4,,,se,58,seen,month_3,
mine,drug,bmd_lumbar_spine,72,0.84,g/cm2,level,,,,,60,,end_of_treatment,0.86
""",
    "regimens": """\
study_id,arm,schedule,age,menopause_age,menopause,t_score_total_hip,sex,pool
mine,drug,anastrozole 1 mg daily for 5 y,62,50,natural,-1.5,female,
mine,placebo,none,44,,none,,,
mine,both,,60,50,natural,,,drug 30; placebo 60
""",
    "plain": """\
study_id,arm,drug,schedule,dose_mg,time_months,start_month,end_month,dose_mg_per_day,age_at_start
mine,drug,alendronate,continuous,,,0,24,10,66
mine,drug,denosumab,discrete,60,6,,,,66
mine,placebo,none,none,,,,,,66
""",
    "doses": """\
ID,TIME,AMT,DRUG,ADDL,II,RATE,EVID,SS
1,0,60,denosumab,3,182.625,0,1,0
1,10,4,zoledronic acid,0,0,16,1,0
2,0,10,alendronate,6,1,0,1,1
""",
}
SENTENCES = (
    "denosumab 60 mg every 6 mo x 4 then zoledronic acid 5 mg once",
    "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y",
    "alendronate 70 mg weekly from -10 y until 2 y",
    "oophorectomy at 45 y; estradiol patch 50 ug/d for 2 y",
    "Prolia 60 mg q6mo for 10 doses.",
    "teriparatide 20 µg daily at steady state",
    "none",
)
WORDS = (
    "0", "-1", "1e308", "-1e308", "1e400", "nan", "inf", "1e-300", "9" * 400, "0x" + "F" * 5000,
    "", '""', '"\\u0000"', '"../../x"', '"/etc/passwd"', '"' + "x" * 300 + '"', '"$\\\\frac{$"',
    "[]", "[[]]", "[" * 1000 + "]" * 1000, "{}", "{ a = { b = 1 } }", "true", "1979-05-27",
    '"{dose}"', '"{"', "[1, 'a', true]", "1_000", '"💀"', '"own.py:MODEL"', '"a.py"', '"reference"',
    '"denosumab 1e9 kg every 1e-9 s"', "1e12", "3.5", "[1e308, 1e308]", "-0.0", '["", ""]',
    "1", "2", "0.5", "12", "60", '"a"', '"bmd_total_hip"', '["ctx"]', "[1, 2]", "[3]", "false", "24.0",
)  # fmt: skip
CELLS = (
    "", " ", "0", "-1", "1e308", "-1e308", "1e400", "nan", "inf", "9" * 400, "x", "<", "<1", ">-",
    "1e-300", '"a""b"', "1,5", "..", "../x", "\x00", "💀", "month_" + "9" * 400, "percent", "T-score",
    "g/cm2", "se", "95ci", "drug", "none", "denosumab 60 mg every 6 mo", "=1+1", "1e9", "-2", "pooled",
    "1", "2", "0.5", "12", "60", "6", "24", "drug", "placebo", "ctx", "p1np", "mine", "100", "3",
)  # fmt: skip
TOKENS = (
    "denosumab", "60", "mg", "every", "6", "mo", "x", "4", "then", ";", ",", "for", "until", "from",
    "-10", "y", "at", "steady", "state", "1e308", "nan", "9" * 400, "µg", "kg", "/", "(", ")", "{",
    "once", "daily", "weekly", "and", "nothing", "stop", ".", "menopause", "-", "%", "0", "infusion",
    "\x00", "💀", "over", "h", "1.5", "1,5", "q6mo", "Prolia", "x 999999999", "d", "s", "1e-9",
)  # fmt: skip


ARGUMENTS = (
    "", "0", "-1", "1e308", "1e400", "nan", "inf", "9" * 400, "x", "none/x.csv", "/nowhere/x.nc", "x.txt",
    "reference", "a.py:MODEL", "../a.py", "💀", "65", "1", "a=b", "=", "osteoclast_turnover_rate=nan",
    "osteoclast_turnover_rate=1e308", "denosumab 60 mg once", "x" * 300 + ".csv", "1e-6", "1e-300", "none",
)  # fmt: skip


def accidents(rng: random.Random) -> int:
    """Return how many accidents happen to an input; mostly one, so that the rest is read."""
    return rng.choice((1, 1, 1, 1, 2, 3))


def broken_toml(kind: str, rng: random.Random) -> str:
    """Return a TOML file of some kind after some accidents."""
    lines = TOML[kind].splitlines()
    for _ in range(accidents(rng)):
        k = rng.randrange(len(lines))
        accident = rng.randrange(8)
        key, equals, _ = lines[k].partition(" = ")
        if accident <= 3 and equals:
            lines[k] = f"{key} = {rng.choice(WORDS)}"
        elif accident == 4:
            del lines[k]
            lines = lines or ["title = 1"]
        elif accident == 5:
            lines.insert(k, lines[rng.randrange(len(lines))])
        elif accident == 6:
            lines[k] = scrambled(lines[k], rng)
        else:
            lines.insert(k, f"{scrambled(key, rng) or 'a'} = {rng.choice(WORDS)}")
    return "\n".join(lines) + "\n"


def broken_csv(kind: str, rng: random.Random) -> str:
    """Return a table of some kind after some accidents."""
    rows = [line.split(",") for line in CSV[kind].splitlines()]
    for _ in range(accidents(rng)):
        row = rng.choice(rows)
        accident = rng.randrange(10)
        if accident <= 6 and row:
            row[rng.randrange(len(row))] = rng.choice(CELLS)
        elif accident == 7 and row:
            del row[rng.randrange(len(row))]
        elif accident == 8:
            row.append(rng.choice(CELLS))
        else:
            rows.insert(rng.randrange(len(rows)), list(rng.choice(rows)))
    return "\n".join(",".join(row) for row in rows) + "\n"


def broken_sentence(rng: random.Random) -> str:
    """Return a schedule with words replaced, added, lost or scrambled."""
    words = rng.choice(SENTENCES).split(" ")
    for _ in range(accidents(rng)):
        k = rng.randrange(len(words)) if words else 0
        accident = rng.randrange(4)
        if accident == 0 and words:
            words[k] = rng.choice(TOKENS)
        elif accident == 1:
            words.insert(k, rng.choice(TOKENS))
        elif accident == 2 and words:
            del words[k]
        elif words:
            words[k] = scrambled(words[k], rng)
    return " ".join(words)


def scrambled(text: str, rng: random.Random) -> str:
    """Return text with some of its letters replaced, doubled or lost."""
    letters = list(text)
    alphabet = string.printable + "µ°²💀\x00\u202e"
    for _ in range(rng.randint(1, 3)):
        if not letters:
            break
        k = rng.randrange(len(letters))
        letters[k : k + 1] = rng.choice(["", rng.choice(alphabet), letters[k] * rng.randint(2, 40)])
    return "".join(letters)


def name(rng: random.Random) -> str:
    """Return something that is to become the name of a file."""
    base = rng.choice(
        ["spine", "a b", "CON", "../x", "/abs", "x" * 200, "", "nul.txt", "Ü", "a\x00b"]
    )
    return scrambled(base, rng) if rng.random() < 0.7 else base


def patient(rng: random.Random) -> dict[str, object]:
    """Return attributes of a patient."""
    values: list[object] = [0, -1, 65, 1e308, float("nan"), float("inf"), 10**400, "", "none", True,
                            None, [], {}, "natural", "surgical", "male", "female", -2.5, 120, 1e-9]  # fmt: skip
    names = ("age", "menopause_age", "menopause", "t_score_lumbar_spine", "t_score_total_hip",
             "t_score_femoral_neck", "sex", "name")  # fmt: skip
    return {key: rng.choice(values) for key in names if rng.random() < 0.4}


def command(rng: random.Random) -> list[str]:
    """Return the arguments of a command, some of them broken."""
    options = {
        "--schedule": broken_sentence(rng) if rng.random() < 0.3 else "none",
        "--years": "0.1",
        "--age": "65",
        "--menopause-age": "50",
        "--t-lumbar-spine": "-2",
        "--parameter": "osteoclast_turnover_rate=0.07",
        "--model": "reference",
        "--out": "table.csv",
        "--rtol": "1e-6",
    }
    for key in rng.sample(sorted(options), rng.choice((1, 1, 2))):
        options[key] = rng.choice(ARGUMENTS)
    chosen = ["--years", *rng.sample(sorted(set(options) - {"--years"}), 3)]
    return ["simulate", *(f"{key}={options[key]}" for key in chosen)]
