"""Pages made from the code: equations, parameters, drugs, trials, the diagram, experiments."""

import inspect
import shutil
import sys
from functools import partial
from pathlib import Path

import diagram
import slices
from developers import import_diagram
from examples import write_examples
from fracture_report import fracture_report
from kept import hash_of, hash_of_files, kept, package_hash
from validation_report import validation_report

from remodel.equations.equation import Equation, Port, State
from remodel.equations.latex import equation_latex, name_latex
from remodel.experiments import load_experiment, run_experiment
from remodel.experiments.sweeps import SweepExperiment
from remodel.models import load_model, model_names
from remodel.observations import load_trial, trial_names
from remodel.schedules.medicines import medicines

HERE = Path(__file__).parent
EXPERIMENTS = HERE.parent / "experiments"
INTERNAL = "remodel.models.model"  # dosing rates, which schedules set


def everything(folder: Path) -> None:
    """Write every generated page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "diagram.svg").write_text(diagram.svg(), encoding="utf-8")
    (folder / "imports.svg").write_text(import_diagram.svg(), encoding="utf-8")
    for name in model_names():
        if name != "reference":
            write(folder / "models" / f"{name}.md", published_model(load_model(name)))
    write(folder / "reference_equations.md", equations(load_model("reference")))
    write(folder / "reference_parameters.md", parameters(load_model("reference")))
    write(folder / "drug_table.md", drug_table(load_model("reference")))
    write(folder / "usual_doses.md", usual_doses(load_model("reference")))
    write(folder / "drug_equations.md", drug_equations(load_model("reference")))
    write(folder / "model_table.md", model_table())
    write(folder / "trial_table.md", trial_table())
    write_examples(folder / "experiments.zip")
    write(folder / "gallery.md", gallery(folder))
    write(folder / "questions.md", slices.page(folder))
    for report in (validation_report, fracture_report):
        key = hash_of(package_hash(), hash_of_files(HERE.glob("*_report.py")))
        text = kept(folder / f"{report.__name__}.json", key, partial(report, folder))
        write(folder / f"{report.__name__}.md", text)


def write(path: Path, text: str) -> None:
    """Write a page, unless it is there already as it should be."""
    path.parent.mkdir(exist_ok=True)
    whole = f"<!-- made by docs/generate.py; edits are lost -->\n{text}\n"
    if not path.exists() or path.read_text(encoding="utf-8") != whole:
        path.write_text(whole, encoding="utf-8")


# ---------------------------------------------------------------- equations


def published_model(model) -> str:
    """Return the page of a published model: what it is, equations and parameters."""
    drugs = f"Drugs: {', '.join(map(words, model.drugs))}." if model.drugs else "It has no drugs."
    return "\n".join([
        f"# {model.name}", "", f"{model.title} {drugs}", "", f"Source: {model.citation}.", "",
        equations(model), "## Parameters", "", parameters(model),
    ])  # fmt: skip


def equations(model) -> str:
    """Return the equations of the body, by mechanism, as the modules are written."""
    assembly = model.assembly(model.drugs)
    symbols = symbols_of(model)
    lines = []
    on_demand = [part for parts in model.on_demand.values() for part in parts]
    for module, parts in by_module((*model.parts, *on_demand)).items():
        lines += [f"## {title_of(module)}", "", first_paragraph(module), ""]
        shown = set()
        for part in parts:
            key = getattr(part, "function", part.name)
            if key in shown or is_repeated(part, model):
                continue
            shown.add(key)
            lines += written(part, assembly, symbols)
    return "\n".join(lines)


def by_module(parts) -> dict:
    """Return parts by the module that defines them; a state by that of the flows around it."""
    found: dict = {}
    owner = {}
    for part in parts:
        if isinstance(part, Equation):
            for name in (part.source, part.target):
                owner.setdefault(name, part.function.__module__)
            owner.setdefault(part.name, part.function.__module__)
    for part in parts:
        module = (
            part.function.__module__ if isinstance(part, Equation) else owner.get(part.name, "")
        )
        if module and module != INTERNAL and getattr(part, "kind", "") != "initial":
            found.setdefault(module, []).append(part)
    return found


def is_repeated(part, model) -> bool:
    """Whether a state of one skeletal site stands for the same state of another."""
    if not isinstance(part, State) or not model.density:
        return False
    others = list(model.density)[1:]
    return any(part.name.endswith(f"_{site}") for site in others)


def title_of(module: str) -> str:
    """Return the name of a module in words."""
    name = module.rpartition(".")[2]
    return {"rankl_opg": "RANKL and OPG"}.get(name, name.replace("_", " ").capitalize())


def first_paragraph(module: str) -> str:
    """Return the first paragraphs of a module's docstring, up to the first list or table."""
    text = inspect.getdoc(sys.modules[module]) or ""
    kept = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith(("===", "References", "---", ".. ")) or "::" in paragraph:
            break
        kept.append(" ".join(paragraph.split()))
    return "\n\n".join(kept).replace("``", "`")


def written(part, assembly, symbols) -> list[str]:
    """Return one equation, state or shared quantity as text and LaTeX."""
    if isinstance(part, State):
        return [f"**{words(part.name)}**: {part.meaning}, [{part.unit}]", "",
                display(derivative(part.name, assembly, symbols)), ""]  # fmt: skip
    if isinstance(part, Port):
        names = assembly.contributions_to(part.name)
        how = "product" if part.combine == "product" else "sum"
        own = f"here {', '.join(map(words, names))}" if names else f"none here: {neutral(part)}"
        return [
            f"**{words(part.name)}**: {part.meaning}. The {how} of all contributions; {own}.",
            "",
        ]
    right = equation_latex(part, assembly.arguments_of(part.name), symbols)
    meaning = part.meaning if part.meaning.endswith((".", ")")) else f"{part.meaning}."
    unit = f" [{part.unit}]" if part.unit not in ("", "-") else ""
    text = " ".join(filter(None, [f"**{words(part.name)}**{unit}: {meaning}", part.reference]))
    return [text, "", display(f"{name_latex(part.name)} = {right}"), ""]


def neutral(port) -> str:
    """Return the value of a shared quantity without contributions, in words."""
    return "1" if port.combine == "product" else "0"


def derivative(name, assembly, symbols) -> str:
    """Return the derivative of a state as the sum of its flows."""
    terms = []
    for flow in assembly.equations:
        source, target = assembly.flow_of(flow)
        if source == name:
            terms.append(f"- {name_latex(flow)}")
        if target == name:
            terms.append(f"+ {name_latex(flow)}")
    right = " ".join(terms).removeprefix("+ ") or "0"
    return rf"\frac{{\mathrm{{d}}}}{{\mathrm{{d}}t}} {name_latex(name, symbols)} = {right}"


def display(latex: str) -> str:
    """Return a displayed equation."""
    return f"$$\n{latex}\n$$"


def symbols_of(model) -> dict[str, str]:
    """Return the LaTeX of parameters that have a symbol."""
    return {name: p.symbol for name, p in model.all_parameters.items() if p.symbol}


def words(name: str) -> str:
    """Return a name with blanks."""
    return name.replace("_", " ")


# ---------------------------------------------------------------- parameters


def parameters(model) -> str:
    """Return a table of every parameter with its unit, bounds and source."""
    head = ["name", "symbol", "value", "unit", "bounds", "prior", "known by", "meaning", "source"]
    rows = [
        [f"`{p.name}`", f"${p.symbol}$" if p.symbol else "", f"{p.value:.4g}", p.unit,
         f"{p.lower:.3g} to {p.upper:.3g}", prior(p.prior), f"{p.provenance}, {p.status}",
         p.meaning, p.source]
        for p in model.parameters.values()
    ]  # fmt: skip
    return table(head, rows)


def prior(belief) -> str:
    """Return a prior in words."""
    if belief.kind == "uniform":
        return "uniform"
    return f"{belief.kind}, {belief.center:.3g}, sd {belief.sd:.3g}"


def table(head, rows) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [" ".join(str(cell).replace("|", "\\|").split()) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


# ---------------------------------------------------------------- drugs, models, trials


def drug_table(model) -> str:
    """Return a table of the drugs of a model."""
    rows = [[f"`{d.name}`", d.drug_class, ", ".join(d.routes)] for d in model.drugs.values()]
    return table(["drug", "class", "routes, the usual one first"], rows)


def usual_doses(model) -> str:
    """Return other names, usual regimens and their sources of the drugs of a model."""
    known = medicines()
    rows = []
    for name in model.drugs:
        others = [words(other) for other, generic in known.generic.items() if generic == name]
        for usual in known.usual.get(name, ()):
            dose = f"{usual.words}, {usual.route}"
            rows.append([f"`{name}`", ", ".join(others), dose, usual.source])
    return table(["drug", "also read as", "usual dose", "source"], rows)


def drug_equations(model) -> str:
    """Return the equations of each class of drugs, written for the first drug that has them."""
    lines = []
    symbols = symbols_of(model)
    shown = set()
    for drug in model.drugs.values():
        own = [p for p in drug.parts if key_of(p) not in shown]
        own = [p for p in own if getattr(p, "kind", "") != "initial"]
        shown |= {key_of(p) for p in drug.parts}
        alike = [d.name for d in model.drugs.values() if d.parts == drug.parts]
        if not own or alike[0] != drug.name:
            continue
        assembly = model.assembly([drug.name])
        lines += [f"### {', '.join(map(words, alike)).capitalize()}", ""]
        for part in own:
            lines += drug_part(part, drug, assembly, symbols)
    return "\n".join(lines)


def key_of(part):
    """Return what makes two parts the same equation."""
    return getattr(part, "function", part)


def drug_part(part, drug, assembly, symbols) -> list[str]:
    """Return one part of a drug, with its short names."""
    full = f"{drug.name}_{part.name}"
    if isinstance(part, State):
        text = derivative(full, assembly, {}).replace(f"{words(drug.name)} ", "")
        return [f"**{words(part.name)}**: {part.meaning}, [{part.unit}]", "", display(text), ""]
    if isinstance(part, Port):
        return [f"**{words(part.name)}**: {part.meaning}.", ""]
    right = equation_latex(part, part.arguments, symbols)
    into = {"factor": "A factor of", "term": "Adds to"}.get(part.kind, "")
    where = f" {into} {words(part.target)}." if into else ""
    meaning = " ".join(filter(None, [part.meaning, part.reference]))
    return [f"**{words(part.name)}**: {meaning}{where}", "",
            display(f"{name_latex(part.name)} = {right}"), ""]  # fmt: skip


def model_table() -> str:
    """Return a table of all models."""
    rows = []
    for name in model_names():
        model = load_model(name)
        rows.append([f"`{name}`", len(model.system().states), len(model.parameters),
                     len(model.drugs), model.title, model.citation])  # fmt: skip
    return table(["model", "states", "parameters", "drugs", "what it is", "source"], rows)


def trial_table() -> str:
    """Return a table of every study with the use that is made of it."""
    rows = []
    for name in trial_names():
        study = load_trial(name)
        uses = sorted({row.use.replace("_", " ") for row in study.observations})
        rows.append([f"`{name}`", study.label, words(study.family), len(study.arms),
                     len(study.observations), ", ".join(uses), study.citation])  # fmt: skip
    head = ["study", "name", "family", "arms", "numbers", "used for", "source"]
    return table(head, rows)


# ---------------------------------------------------------------- experiments


def gallery(folder: Path) -> str:
    """Return the figures and numbers of every experiment; each is run where it has changed."""
    sections = []
    for path in sorted(EXPERIMENTS.glob("*/experiment.toml")):
        files = [*path.parent.glob("*"), HERE / "generate.py"]
        key = hash_of(package_hash(), hash_of_files(files))
        made = folder / path.parent.name / "section.json"
        sections.append(kept(made, key, partial(experiment_section, path, folder)))
    return "\n".join(sections)


def experiment_section(path: Path, folder: Path) -> str:
    """Run an experiment, and return its section of the page."""
    experiment = load_experiment(path)
    out = folder / experiment.name
    # ten thousand runs are for who asks the question, not for who builds the page
    outcome = run_experiment(experiment, out=out, quick=isinstance(experiment, SweepExperiment))
    (out / "data.nc").unlink(missing_ok=True)
    lines = [f"## {experiment.title}", "", " ".join(experiment.question.split()), ""]
    command = f"remodel run experiments/{experiment.name}/experiment.toml"
    lines += ["```bash", command, "```", ""]
    for figure in outcome.figures:
        written = figure.relative_to(folder).as_posix()
        lines += [f"![{title_of_figure(experiment, figure.stem)}](_generated/{written})", ""]
    if experiment.answer:
        lines += [" ".join(experiment.answer.split()), ""]
    lines += [path.read_text(encoding="utf-8") for path in outcome.tables[:1]]
    rows = [
        [n.arm, f"`{n.output}`", f"{n.month:g}", f"{n.found:.4g}", f"{n.tolerance:g}"]
        for n in outcome.numbers
    ]
    return "\n".join([*lines, table(["arm", "output", "month", "value", "tolerance"], rows), ""])


def title_of_figure(experiment, name: str) -> str:
    """Return the title of a figure; one of several scenarios has the name of its own behind it."""
    picture = next(p for p in experiment.pictures if name.startswith(p.name))
    scenarios = {f"{picture.name}_{s.key}": s.label for s in getattr(experiment, "scenarios", ())}
    return scenarios.get(name, picture.title)


if __name__ == "__main__":
    target = Path(__file__).parent / "_generated"
    shutil.rmtree(target, ignore_errors=True)
    everything(target)
