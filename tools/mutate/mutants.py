"""The mutants of a Python source: small changes of its code, each at one position, found in its syntax tree."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWAPS: dict[type, tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
PROSE = ("example", "about")  # arguments that only document a field, as docstrings do a function
FOR_TYPES = ("assert_never", "TypeVar", "cast", "get_args")  # calls that mean something to the type checker alone
Span = tuple[int, int, str]  # replace the bytes from the first to before the second by the text


@dataclass(frozen=True)
class Mutant:
    """One change: `lines` are those of its statement, `start` and `end` the bytes that `text` replaces."""

    path: str
    start: int
    end: int
    text: str
    lines: tuple[int, int]

    def applied(self, source: bytes) -> bytes:
        """The source with this change."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutants(path: str, source: bytes) -> list[Mutant]:
    """All mutants of a source, in the order of their positions; some may not compile (`is_sound`)."""
    spans = sorted(set(_Finder(source).spans()))
    found = [Mutant(path, start, end, text, lines) for (start, end, text), lines in spans]
    return [mutant for mutant in found if mutant.applied(source) != source]  # `return None` to `return None`


def is_sound(mutant: Mutant, source: bytes) -> bool:
    """Whether the changed source compiles. It takes about 10 ms: ask for those alone that are to be tried."""
    try:
        compile(mutant.applied(source), "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Finder:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._offsets = [0]
        for line in source.splitlines(keepends=True):
            self._offsets.append(self._offsets[-1] + len(line))

    def spans(self) -> Iterator[tuple[Span, tuple[int, int]]]:
        """Each change with the lines of the statement it is in."""
        for statement in ast.parse(self._source).body:
            yield from self._of_statement(statement)

    def _of_statement(self, statement: ast.stmt) -> Iterator[tuple[Span, tuple[int, int]]]:
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Assert | ast.Pass):
            return
        if isinstance(statement, ast.Expr):
            if isinstance(statement.value, ast.Constant):
                return  # a docstring
            if not _is_for_types(statement.value):
                yield (*self._range(statement), "pass"), (statement.lineno, statement.end_lineno or 0)
        for child in ast.iter_child_nodes(statement):
            yield from self._of_child(statement, child)

    def _of_child(self, statement: ast.stmt, child: ast.AST) -> Iterator[tuple[Span, tuple[int, int]]]:
        if isinstance(child, ast.stmt):
            yield from self._of_statement(child)
        elif isinstance(child, ast.match_case):
            _, end = self._range(child.pattern)
            never = child.guard is None and not _is_wildcard(child.pattern)
            lines = (child.pattern.lineno, child.pattern.end_lineno)
            if never:
                yield (end, end, " if False"), lines
            for part in (child.pattern, child.guard):
                if part is not None:
                    yield from ((span, lines) for span in self._of_expression(part))
            for inner in child.body:
                yield from self._of_statement(inner)
        elif child not in _ignored(statement):
            last = getattr(child, "end_lineno", None) or statement.lineno
            yield from ((span, (statement.lineno, last)) for span in self._of_expression(child, statement))

    def _of_expression(self, node: ast.AST, parent: ast.AST | None = None) -> Iterator[Span]:
        if _is_for_types(node) or isinstance(node, ast.JoinedStr) or _decides_nothing(node):
            return
        yield from self._of_value(node)
        yield from self._of_list(node, parent)
        yield from self._of_condition(node, parent)
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.arg) or (isinstance(node, ast.Subscript) and isinstance(child, ast.Tuple))):
                yield from self._of_expression(child, node)

    def _of_value(self, node: ast.AST) -> Iterator[Span]:
        """Another constant, operator or function."""
        match node:
            case ast.Constant(value=bool() as value):
                yield (*self._range(node), str(not value))
            case ast.Constant(value=int() | float() as value):
                yield (*self._range(node), repr(value + 1))
            case ast.Constant(value=str() as value):
                yield (*self._range(node), repr(value + "X"))
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                yield (*self._range(node), self._text(operand))
            case ast.Compare(left=left, ops=ops, comparators=others):
                for op, (before, after) in zip(ops, pairwise([left, *others]), strict=True):
                    yield from self._swapped(op, before, after)
            case ast.BinOp(left=left, op=operator, right=right):
                yield from self._swapped(operator, left, right)
            case ast.Call(func=ast.Name(id=name), args=[*_]) if name in NAMES:
                yield (*self._range(node.func), NAMES[name])

    def _of_list(self, node: ast.AST, parent: ast.AST | None) -> Iterator[Span]:
        """An element, a pair or a named argument less."""
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                stored = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
                needs_all = isinstance(parent, ast.Return | ast.Assign | ast.For | ast.comprehension | ast.Subscript)
                if not stored and not needs_all:
                    yield from self._without_each(elements, self._range(node))
            case ast.Dict(keys=keys, values=values):
                pairs = list(zip(keys, values, strict=True))
                starts = [self._range(key)[0] if key else self._range(value)[0] - 2 for key, value in pairs]  # `**`
                yield from self._cut([(at, self._range(value)[1]) for at, value in zip(starts, values, strict=True)])
            case ast.Call(args=arguments, keywords=[*keywords]) if keywords:
                named = [each for each in keywords if not _decides_nothing(each)]
                yield from self._without_each([*arguments, *named], self._range(node), only=len(arguments))

    def _of_condition(self, node: ast.AST, parent: ast.AST | None) -> Iterator[Span]:
        """The opposite of a condition, a part of it less, or nothing returned."""
        match node:
            case ast.BoolOp(op=op, values=values):
                yield from self._swapped(op, *values[-2:])
                neutral = str(isinstance(op, ast.And))
                yield from ((*self._range(value), neutral) for value in values)
            case ast.IfExp(test=test):
                yield (*self._range(test), f"not ({self._text(test)})")
            case ast.comprehension(ifs=ifs):
                yield from ((*self._range(condition), "True") for condition in ifs)
        if isinstance(parent, ast.If | ast.While) and node is parent.test:
            yield (*self._range(node), f"not ({self._text(node)})")
        if isinstance(parent, ast.Return):
            yield (*self._range(node), "None")

    def _swapped(self, op: ast.AST, before: ast.AST, after: ast.AST) -> Iterator[Span]:
        if type(op) in SWAPS:
            old, new = SWAPS[type(op)]
            gap = self._range(before)[1], self._range(after)[0]
            at = self._source.find(old.encode(), *gap)
            if at >= 0:
                yield at, at + len(old), new

    def _without_each(self, nodes: Sequence[ast.AST], whole: tuple[int, int], only: int = 0) -> Iterator[Span]:
        ranges = [self._range(node) for node in nodes]
        yield from self._cut(ranges, only)
        if len(ranges) == 1 and self._source[whole[0] : whole[0] + 1] == b"(":
            yield (*whole, "()")

    def _cut(self, ranges: Sequence[tuple[int, int]], only: int = 0) -> Iterator[Span]:
        """Each of these parts of a list taken out, with the comma before or after it."""
        for number, (start, end) in enumerate(ranges):
            if number < only:
                continue
            if number + 1 < len(ranges):
                yield start, ranges[number + 1][0], ""
            else:
                yield (ranges[number - 1][1] if number else start), end, ""

    def _range(self, node: ast.AST) -> tuple[int, int]:
        at: ast.expr = node  # type: ignore[assignment]
        assert at.end_lineno is not None
        assert at.end_col_offset is not None
        return self._offsets[at.lineno - 1] + at.col_offset, self._offsets[at.end_lineno - 1] + at.end_col_offset

    def _text(self, node: ast.AST) -> str:
        start, end = self._range(node)
        return self._source[start:end].decode()


def _decides_nothing(node: ast.AST) -> bool:
    """Whether it is an argument that makes a fault of our own loud, `zip(…, strict=True)`, or documents a field."""
    return isinstance(node, ast.keyword) and node.arg in ("strict", *PROSE)


def _is_wildcard(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _is_for_types(node: ast.AST) -> bool:
    """Whether an expression only names types: `A | B`, `Mapping[str, int]`, `TypeVar(…)`."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in FOR_TYPES
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return all(_is_type(side) or _is_for_types(side) for side in (left, right))
        case ast.Subscript(value=value):
            return _is_type(value)
    return False


def _is_type(node: ast.AST) -> bool:
    plain = ("tuple", "list", "dict", "set", "frozenset", "int", "float", "str", "bool", "type")
    return (isinstance(node, ast.Name) and (node.id in plain or (node.id[:1].isupper() and not node.id.isupper()))) or (
        isinstance(node, ast.Constant) and node.value is None
    )


def _ignored(statement: ast.stmt) -> list[ast.AST]:
    """What decides nothing: annotations, decorators, base classes, targets of assignments."""
    match statement:
        case ast.FunctionDef(decorator_list=decorators, returns=returns):
            return [*decorators, *([returns] if returns else [])]
        case ast.ClassDef(decorator_list=decorators, bases=bases):
            return [*decorators, *bases]
        case ast.AnnAssign(target=target, annotation=annotation):
            return [target, annotation]
        case ast.Assign(targets=targets):
            return [*targets]
        case ast.For(target=target):
            return [target]
    return []
