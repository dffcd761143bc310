"""C# as tokens: without comments, and without what the preprocessor leaves out."""

import re
from collections.abc import Iterator, Set
from functools import lru_cache

_DIRECTIVE = re.compile(r"\s*#\s*(if|elif|else|endif)\b\s*(.*?)\s*(?://.*)?$")
_ATOM = re.compile(r"\s*(&&|\|\||!|\(|\)|==|!=|\w+)")
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<space>\s+)
    |(?P<string>\$*"{3,}|\$?@?\$?"|'(?:\\.[^']*|[^'\\])')
    |(?P<word>@?[^\W\d]\w*|\d[\w.]*)
    |(?P<sign>=>|==|!=|<=|>=|&&|\|\||\?\?|::|\S)""",
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str, symbols: Set[str]) -> list[str]:
    """The tokens of a file, where the preprocessor knows `symbols`. A string is one token, as it was written."""
    return _tokenize(text, frozenset(symbols) if "#if" in text else frozenset())


# A client is read once for each framework, and most of its files are the same in all of them.
@lru_cache(maxsize=512)
def _tokenize(text: str, symbols: frozenset[str]) -> list[str]:
    return list(_split("\n".join(_preprocess(text.splitlines(), symbols))))


def _preprocess(lines: list[str], symbols: Set[str]) -> Iterator[str]:
    """The lines that stay. Each level of `#if` notes whether it is on, and whether a branch of it has been."""
    levels: list[tuple[bool, bool]] = []
    for line in lines:
        match = _DIRECTIVE.match(line)
        if not match:
            if all(is_on for is_on, _ in levels) and not line.lstrip().startswith("#"):
                yield line
            continue
        word, condition = match.groups()
        if word == "if":
            is_on = evaluate(condition, symbols)
            levels.append((is_on, is_on))
        elif word == "endif":
            levels.pop()
        else:
            _, was_on = levels.pop()
            is_on = not was_on and (word == "else" or evaluate(condition, symbols))
            levels.append((is_on, was_on or is_on))


def evaluate(condition: str, symbols: Set[str]) -> bool:
    """A preprocessor's expression of symbols, !, &&, || and parentheses."""
    words = _ATOM.findall(condition)

    def either() -> bool:
        value = both()
        while words and words[0] == "||":
            words.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while words and words[0] == "&&":
            words.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        word = words.pop(0)
        if word == "!":
            return not one()
        if word == "(":
            value = either()
            words.pop(0)
            return value
        return word == "true" or word in symbols

    return either()


def _split(text: str) -> Iterator[str]:
    place = 0
    while match := _TOKEN.match(text, place):
        start = match["string"]
        end = match.end()
        if start and start[0] != "'":
            end = _end_of_string(text, end, start)
        if match.lastgroup in ("string", "word", "sign"):
            yield text[place:end]
        place = end


def _end_of_string(text: str, place: int, start: str) -> int:
    """Where a string that begins with `start` ends; an expression in braces may have strings of its own."""
    quotes = start.lstrip("$@")
    if len(quotes) > 1:
        return text.index(quotes, place) + len(quotes)
    depth = 0
    while True:
        character = text[place]
        if character == '"' and depth == 0:
            if "@" not in start or text[place + 1 : place + 2] != '"':
                return place + 1
            place += 1
        elif character == '"':
            place = _end_of_string(text, place + 1, '"') - 1
        elif character == "\\" and "@" not in start:
            place += 1
        elif "$" in start and character in "{}":
            if depth == 0 and text[place + 1] == character:
                place += 1
            else:
                depth += 1 if character == "{" else -1
        place += 1


def skip_balanced(tokens: list[str], place: int) -> int:
    """Where a bracket that opens at `place` has closed."""
    depth = 0
    while True:
        depth += (tokens[place] in "([{") - (tokens[place] in ")]}")
        place += 1
        if depth == 0:
            return place


def split_list(tokens: list[str]) -> list[list[str]]:
    """What stands between the commas of a list, those within brackets apart."""
    parts: list[list[str]] = [[]]
    depth = 0
    for sign in tokens:
        depth += (sign in "([{<") - (sign in ")]}>")
        if sign == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(sign)
    return [part for part in parts if part]


def write_type_name(tokens: list[str]) -> str:
    """A type as the API has it: without namespaces."""
    text = "".join(f"{sign} " if sign == "," else sign for sign in tokens)
    return re.sub(r"(?:\w+(?:::|\.))+(?=\w)", "", text)
