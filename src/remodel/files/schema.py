"""Schemas of tables: pydantic checks the shape, errors name file, line and key in our words.

A schema is a class with annotated fields, such as::

    class SolverTable(Schema):
        method: str = "batch"
        rtol: Positive | None = None
        max_steps: Count = 100_000

    solver = validate(top.table("solver"), SolverTable)

A field without a default is needed, any other key is refused. Validators (``AfterValidator``,
``field_validator``) may raise any error of this package; its sentence follows file, line and key.
Only modules that read files import this one, since pydantic takes long to load.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, NoReturn, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError
from pydantic_core import ErrorDetails

from remodel.errors import RemodelError, nearest
from remodel.files.names import checked_file_name
from remodel.files.toml import Table, shown

S = TypeVar("S", bound="Schema")


class Schema(BaseModel):
    """A table whose keys are the fields: nothing is converted, nothing else is allowed."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
    )


Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
Texts = Annotated[tuple[str, ...], Strict(False)]
Numbers = Annotated[tuple[float, ...], Strict(False)]
FileName = Annotated[str, AfterValidator(checked_file_name)]


def one_of(words: Collection[str], what: str) -> AfterValidator:
    """Return a validator that accepts some words.

    Parameters
    ----------
    words : collection of str
    what : str
        What they are, such as "a kind of figure"; the message says that a word is not one.
    """

    def check(word: str) -> str:
        if word not in words:
            raise ValueError(f"'{word}' is not {what}.{nearest(word, words)}")
        return word

    return AfterValidator(check)


def validate(table: Table, schema: type[S], context: Mapping[str, Any] | None = None) -> S:
    """Return a table as an object of its schema.

    Parameters
    ----------
    table : Table
    schema : type of Schema
    context : mapping, optional
        Seen by validators as ``info.context``.

    Raises
    ------
    ConfigError
        For the first thing that is wrong; unknown keys come first.
    """
    try:
        return schema.model_validate(dict(table.content), context=context)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        unknown = [e for e in errors if e["type"] == "extra_forbidden"]
        _fail(table, schema, (unknown or errors)[0], error)


def first_problem(error: ValidationError, schema: type[Schema]) -> tuple[str, str]:
    """Return where the first thing is that pydantic found, and the sentence about it.

    Parameters
    ----------
    error : ValidationError
    schema : type of Schema

    Returns
    -------
    path : str
        Keys and numbers of items, such as ``arms.0.schedule``.
    problem : str
    """
    errors = error.errors(include_url=False)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    location = first["loc"]
    is_item = bool(location) and isinstance(location[-1], int)
    named = [step for step in location if isinstance(step, str)]
    key = named[-1] if named else ""
    return ".".join(map(str, location)), _problem(first, key, is_item, _keys(schema, location[:-1]))


def _fail(table: Table, schema: type[Schema], error: ErrorDetails, cause: Exception) -> NoReturn:
    """Raise for one error of pydantic, with the innermost table and key it is about."""
    key, is_item, location = "", False, list(error["loc"])
    while location:
        key, rest = str(location[0]), location[1:]
        content = table.content.get(key)
        if isinstance(content, Mapping) and rest:
            table, location = table.table(key), rest
        elif isinstance(content, Sequence) and rest and isinstance(rest[0], int):
            is_item = not isinstance(content[rest[0]], Mapping) or len(rest) == 1
            if is_item:
                break
            table, location = table.item(key, rest[0]), rest[1:]
        else:
            break
    origin = error.get("ctx", {}).get("error")
    source = origin if isinstance(origin, RemodelError) else cause
    table.fail(key, _problem(error, key, is_item, _keys(schema, error["loc"][:-1])), source)


def _keys(schema: Any, location: Sequence[int | str]) -> tuple[str, ...]:
    """Return the keys that a table somewhere inside a schema may have."""
    for step in location:
        if hasattr(schema, "model_fields"):
            schema = schema.model_fields[step].annotation
        else:  # list[Figure], dict[str, Arm]
            schema = get_args(schema)[-1]
        if type(None) in get_args(schema):
            schema = get_args(schema)[0]  # Figure | None
    return tuple(getattr(schema, "model_fields", ()))


_TYPES = {
    "string_type": "a string",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number from {ge:g}",
    "less_than_equal": "a number of at most {le:g}",
}
_ITEMS = {
    "string_type": "a list of strings",
    "float_type": "a list of finite numbers",
    "finite_number": "a list of finite numbers",
    "int_type": "a list of whole numbers",
    "model_type": "tables [[{key}]]",
}


def _problem(error: ErrorDetails, key: str, is_item: bool, keys: Collection[str]) -> str:
    kind, value, limits = error["type"], shown(error["input"]), error.get("ctx", {})
    if kind == "missing":
        return "this key is missing."
    if kind == "extra_forbidden":
        return f"unknown key.{nearest(key, keys)}"
    if "error" in limits:
        return str(limits["error"])
    if is_item and kind in _ITEMS:
        inside = "" if kind == "model_type" else " in it"
        return f"expected {_ITEMS[kind].format(key=key)}, got {value}{inside}."
    if kind == "greater_than_equal" and isinstance(limits["ge"], int):
        return f"expected a whole number from {limits['ge']}, got {value}."
    if kind in _TYPES:
        return f"expected {_TYPES[kind].format(**limits)}, got {value}."
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, got {value}."
