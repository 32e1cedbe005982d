"""Words, numbers and marks of a schedule sentence, and error messages that point at them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from remodel.errors import RemodelError, ScheduleError, UnitError
from remodel.schedules.words import NOT_FINITE, RESERVED_WORDS, length_in_days

T = TypeVar("T")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+\-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d_][\w-]*|×|%|/|\+)
      | (?P<mark>[;,])
      | (?P<other>\S)
    )""",
    re.VERBOSE,
)


_LETTERS = re.compile(r"\b[a-zA-Z]\.(?:[a-zA-Z]\.)+")
_SHORT = re.compile(r"\b(mos?|wks?|yrs?|hrs?|min|mg|mcg|inj|tabs?)\.(?=\s|,|;|$)", re.IGNORECASE)
_WORDS_OF_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: number for number, word in enumerate(_WORDS_OF_NUMBERS.split(), 1)}
_IN_WORDS = re.compile(
    rf"(\b(?:every|for|x|until|from|over|after)\s+|\b(?=\w+\s+times\b))({'|'.join(_NUMBERS)})\b",
    re.IGNORECASE,
)
_CALCIUM = re.compile(
    r"\bcalcium\s*(?:with|and|plus|\+|/)\s*vitamin[\s-]+d3?(?=\s+\d)", re.IGNORECASE
)
_EACH = re.compile(r"(\d)-(?=(?:hour|dai|week|month|year)ly\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark of a sentence.

    Parameters
    ----------
    kind : str
        number, word, mark or end.
    text : str
        As written.
    start, end : int
        Where it stands in the sentence.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in lower case."""
        return self.text.lower()


def tokenize(sentence: str) -> tuple[Token, ...]:
    """Split a sentence into tokens, the last of which is the end.

    Raises
    ------
    ScheduleError
        If a character has no meaning in a schedule.
    """
    tokens = []
    for match in _TOKEN.finditer(sentence):
        kind = str(match.lastgroup)
        token = Token(kind, match[kind], match.start(kind), match.end(kind))
        if kind == "other":
            message = f"'{token.text}' has no meaning in a schedule."
            raise ScheduleError(pointed(message, sentence, token.start, token.end))
        tokens.append(token)
    return (*tokens, Token("end", "", len(sentence), len(sentence) + 1))


def plain_text(sentence: str) -> str:
    """Return a sentence of the same length without the full stops of abbreviations and its end.

    ``60 mg s.c. q 6 mo.`` becomes ``60 mg sc   q 6 mo ``, ``six months`` becomes ``6   months``
    and ``6-monthly`` becomes ``6 monthly``.
    """
    text = _LETTERS.sub(lambda m: m[0].replace(".", "").ljust(len(m[0])), sentence)
    text = _SHORT.sub(lambda m: f"{m[1]} ", text)
    text = _CALCIUM.sub(lambda m: "calcium_vitamin_d".ljust(len(m[0])), text)
    text = _IN_WORDS.sub(lambda m: m[1] + str(_NUMBERS[m[2].lower()]).ljust(len(m[2])), text)
    text = _EACH.sub(lambda m: f"{m[1]} ", text)
    end = len(text.rstrip())
    return f"{text[: end - 1]} {text[end:]}" if text[:end].endswith(".") else text


def pointed(message: str, sentence: str, start: int, end: int) -> str:
    """Return a message with the sentence below it and a mark under one place.

    Parameters
    ----------
    message : str
        One sentence that says what is wrong.
    sentence : str
        What the user wrote.
    start, end : int
        First character to be marked, and the one after the last.
    """
    one_line = re.sub(r"\s", " ", sentence)
    return f"{message}\n  {one_line}\n  {' ' * start}{'^' * max(1, end - start)}"


class Cursor:
    """Walks over a sentence and reads numbers and lengths of time.

    Parameters
    ----------
    sentence : str
        What the user wrote.
    """

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.tokens = tokenize(plain_text(sentence))
        self.position = 0

    @property
    def token(self) -> Token:
        """The token to be read next."""
        return self.tokens[self.position]

    @property
    def following(self) -> Token:
        """The token after the next."""
        return self.token_after(1)

    def token_after(self, count: int) -> Token:
        """Return the token ``count`` places after the next."""
        return self.tokens[min(self.position + count, len(self.tokens) - 1)]

    @property
    def previous(self) -> Token:
        """The token read last."""
        return self.tokens[max(self.position - 1, 0)]

    def advance(self) -> Token:
        """Read one token; the end is never passed."""
        token = self.token
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def accept(self, *words: str) -> Token | None:
        """Read the next token if it is one of ``words``."""
        return self.advance() if self.token.word in words else None

    def fail(
        self,
        message: str,
        first: Token,
        last: Token | None = None,
        error: type[RemodelError] = ScheduleError,
    ) -> NoReturn:
        """Raise an error that points at the tokens from ``first`` to ``last``."""
        end = (last or first).end
        raise error(pointed(message, self.sentence, first.start, end)) from None

    def placed(
        self, build: Callable[..., T], *arguments: object, at: Token, to: Token | None = None
    ) -> T:
        """Return ``build(*arguments)``, whose errors point at the tokens ``at`` to ``to``."""
        try:
            return build(*arguments)
        except RemodelError as error:
            self.fail(str(error), at, to, type(error))

    def number(self, after: str) -> float:
        """Read a finite number."""
        token = self.advance()
        value = float(token.text.replace("−", "-")) if token.kind == "number" else math.nan
        if token.word in NOT_FINITE or (token.kind == "number" and not math.isfinite(value)):
            self.fail(f"'{token.text}' is not a finite number.", token)
        if token.kind != "number":
            self.fail(f"A number is missing after {after}.", token)
        if self.token.text == "," and self.following.kind == "number":
            message = "Write numbers with a decimal point and without separators of thousands."
            self.fail(message, token, self.following)
        return value

    def whole_number(self, token: Token, text: str, after: str) -> int:
        """Return ``text``, which is part of ``token``, as a number from 1."""
        if not text.isdecimal() or float(text) < 1:
            shown = f", not '{text}'" if text else ""
            self.fail(f"{after} is followed by a whole number from 1{shown}.", token)
        return int(min(float(text), 1e15))

    def length(self, after: str) -> float:
        """Read a length of time and return it in days."""
        value = self.number(f"'{after}'")
        return self.time_unit(value, self.previous)

    def time_unit(self, value: float, number: Token) -> float:
        """Read a unit of time and return ``value`` in days."""
        unit = self.token
        if unit.kind != "word" or unit.word in RESERVED_WORDS:
            message = f"'{number.text}' has no unit of time; write h, d, wk, mo or y."
            self.fail(message, number, error=UnitError)
        length = self.placed(length_in_days, value, self.advance().word, at=unit)
        if not math.isfinite(length):
            self.fail(f"'{number.text} {unit.text}' is too long.", number, unit)
        return length

    def positive_length(self, after: str) -> float:
        """Read a length of time above 0 and return it in days."""
        number = self.token
        length = self.length(after)
        if length <= 0:
            message = f"'{after}' is followed by a length of time above 0, not '{number.text}'."
            self.fail(message, number)
        return length
