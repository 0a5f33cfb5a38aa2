"""Part of `make lint`: keeps private words out of docstrings, comments, messages and documents.

The words are those that a newcomer has to translate: metaphors where the field has a word, and nouns that name
nothing. A word that is meant literally is on the list of literal phrases, which is short.
Not here: names (ruff's rules, and review).
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("npf_pipelines", "npf_pipelines_tests", "benchmarks", "docs", "deploy")
SENTENCE = 3
"""Words from which on a string counts as prose: shorter ones are names and values."""
MOST_LITERAL = 25
"""Hits that may be meant literally."""

WORDS = {
    "tell": r"tell|tells|told|telling",
    "look": r"look|looks|looked|looking",
    "lie": r"lie|lies|lying",
    "stand": r"stand|stands|stood|standing",
    "walk": r"walk|walks|walked|walking",
    "house": r"house|houses",
    "news": r"news",
    "green": r"green",
    "brake": r"brake|brakes|braked|braking",
    "give up": r"(?:give|gives|gave|given|giving) up",
    "let go": r"(?:let|lets|letting) go",
    "come about": r"(?:come|comes|came) about",
    "fall": r"(?:fall|falls|fell|falling)(?! back)",
    "whoever": r"whoever",
    "likewise": r"likewise",
    "anew": r"anew",
    "of ours": r"of (?:ours|theirs)",
    "these/those as a noun": r"(?:these|those)(?= (?:that|which|who|whose|of|in|on|with|without|from)\b|[.,;:)])",
    "one as a noun": r"(?:the|each|any|every|no|an?) (?:one|ones) (?:that|which|who|whose|of which)",
    "wanted as a noun": r"(?:what is|is|are|was|than|as) wanted|the wanted(?= (?:is|are|and|of)\b|[.,;:)])",
}
_CASES = "|".join(rf"(?P<w{place}>\b(?:{words})\b)" for place, words in enumerate(WORDS.values()))
PATTERN = re.compile(_CASES.replace(" ", r"\s+"), re.IGNORECASE)
WHAT = re.compile(r"(?:^|[.!?] +|[:|] +(?=What ))What (?![^.?!]*\?)")
"""A sentence that starts with "What" and is no question."""

LITERAL = frozenset(
    {
        "the customer moves house",
        "look-back",
        "--release-brake is its earlier name",
        "the brake fell",
    }
)
"""Phrases in which a word means what it says, in small letters."""

_CODE = re.compile(r"``?[^`]*``?|'\w+'|https?://\S+|<[^>\s][^>]*>|\{[{%#].*?[}%#]\}")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_ENDINGS = {".py", ".md", ".html"}
_HIDDEN = ("style", "script")


@dataclass(frozen=True)
class Hit:
    """A private word: where it is, which it is, and the words around it."""

    path: Path
    line: int
    word: str
    around: str

    def __str__(self) -> str:
        """As a compiler names a place."""
        return f"{self.path}:{self.line}: {self.word}: … {self.around} …"


def hits(path: Path, text: str) -> Iterator[Hit]:
    """The private words in a file.

    Args:
        path: the file; its ending says what of it is prose.
        text: its content.
    """
    parts = {".py": _python, ".md": _markdown, ".html": _page}[path.suffix](text)
    for start, prose in parts:
        plain = _CODE.sub(lambda code: re.sub(r"[^\n]", "`", code[0]), prose)
        for word, place in _found(plain):
            around = " ".join(plain[max(place - 30, 0) : place + 40].split())
            yield Hit(path, start + plain.count("\n", 0, place), word, around)


def _found(text: str) -> Iterator[tuple[str, int]]:
    names = tuple(WORDS)
    for match in PATTERN.finditer(text):
        yield names[int((match.lastgroup or "w0")[1:])], match.start()
    start = 0
    for line in text.splitlines(keepends=True):
        for match in WHAT.finditer(line.strip().lstrip("#*|- ")):
            before = text[:start].rstrip()
            if match.start() or not before or before[-1] in ".:!?" or "\n\n" in text[len(before) : start + 1]:
                yield "sentence with What", start
        start += len(line)


def _python(text: str) -> Iterator[tuple[int, str]]:
    comments: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            first, above = comments[-1] if comments else (0, "")
            line, comment = token.start[0], token.string.lstrip("#")
            if above and first + above.count("\n") + 1 == line and token.line.strip() == token.string:
                comments[-1] = (first, f"{above}\n{comment}")
            else:
                comments.append((line, comment))
    yield from comments
    tree = ast.parse(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            said = node.value
        else:
            continue
        if len(said.split()) >= SENTENCE:
            yield node.lineno, said


def _markdown(text: str) -> Iterator[tuple[int, str]]:
    yield 1, _FENCE.sub(lambda code: "\n" * code[0].count("\n"), text)


def _page(text: str) -> Iterator[tuple[int, str]]:
    for tag in _HIDDEN:
        text = re.sub(rf"<{tag}\b.*?</{tag}>", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    yield 1, text


def all_hits(root: Path = ROOT) -> list[Hit]:
    """The private words of the project, the literal ones included."""
    here = {Path(__file__).resolve(), Path(__file__).parent.resolve() / "test_prose.py"}
    paths = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in _ENDINGS]
    return [
        hit
        for path in sorted([*root.glob("*.md"), *paths])
        if path.resolve() not in here
        for hit in hits(path.relative_to(root), path.read_text(encoding="utf-8"))
    ]


def is_literal(hit: Hit) -> bool:
    """Whether the word means what it says here."""
    return any(phrase in hit.around.casefold() for phrase in LITERAL)


def unused(literal: list[Hit]) -> list[str]:
    """The literal phrases that none of the hits needs."""
    return sorted(phrase for phrase in LITERAL if not any(phrase in hit.around.casefold() for hit in literal))


def main(root: Path = ROOT) -> int:
    """Print the private words, and how many there are in each room; 1 if there are any, or an unused literal phrase."""
    found = all_hits(root)
    literal = [hit for hit in found if is_literal(hit)]
    private = [hit for hit in found if not is_literal(hit)]
    for hit in private:
        print(hit)  # noqa: T201
    rooms = Counter("/".join(hit.path.parent.parts[:2]) or hit.path.name for hit in private)
    for room, count in rooms.most_common():
        print(f"{count:5} {room}")  # noqa: T201
    print(f"{len(private)} private words; {len(literal)} meant literally, of at most {MOST_LITERAL}")  # noqa: T201
    needless = unused(literal)
    for phrase in needless:
        print(f"no longer used, take it off the list: {phrase}")  # noqa: T201
    return int(bool(private or needless) or len(literal) > MOST_LITERAL)


if __name__ == "__main__":
    sys.exit(main())
