"""Every small wrong turn that a module of assets/ could have taken: operators, constants, arguments, calls left out.

A mutant is the module's text with one expression replaced. Descriptions, units, bounds, types and the order of rows in
a result are left alone: what they say is judged elsewhere. Nothing here knows how a mutant is judged.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
OMITTED_CALLS = {
    *("filter", "unique", "sort", "sort_by", "fill_null", "clip", "abs", "over", "shift", "cum_sum", "round"),
    *("drop_nulls", "offset_by", "once", "first", "min", "max"),
}
OTHER_CALLS = {
    "min": "max",
    "max": "min",
    "first": "last",
    "any": "all",
    "all": "any",
    "arg_max": "arg_min",
    "min_horizontal": "max_horizontal",
    "max_horizontal": "min_horizontal",
    "any_horizontal": "all_horizontal",
    "all_horizontal": "any_horizontal",
    "sum": "max",
    "n_unique": "count",
    "ne_missing": "eq_missing",
    "is_null": "is_not_null",
    "is_not_null": "is_null",
}
CALLS_OF_A_LIST = {"filter", "sort", "group_by", "over", "coalesce", "sort_by", "concat_str", "drop"}
CALLS_OF_A_LIST |= {name for name in OTHER_CALLS if name.endswith("_horizontal")}
OTHER_WORDS = {
    "left": ("right", "both", "none", "inner"),
    "none": ("left", "right"),
    "right": ("left",),
    "backward": ("forward",),
    "anti": ("semi",),
    "half_to_even": ("half_away_from_zero",),
    "stock": ("flow",),
    "flow": ("stock",),
}
OTHER_COLUMNS = {
    **{"start": "end", "now": "then", "since": "until", "before": "after", "day_now": "day_then"},
    **{"mrr": "mrr_before", "first_day": "last_day", "cohort": "period", "plan_left": "plan_largest"},
}
OTHER_COLUMNS |= {right: left for left, right in OTHER_COLUMNS.items()}
OTHER_NAMES = {"first_day": "last_day", "last_day": "first_day", "minimum": "maximum", "maximum": "minimum"}
NOT_OF_RESULTS = {"maintain_order", "check_sortedness", "frozen", "slots"}
DECLARATIONS = {"Column", "Measure", "Ratio", "Derived", "Table", "amount", "_count", "_rate", "_stock", "replace"}
DECLARED_LOGIC = {"expression", "complete_only", "every_day", "look_back_days", "kind", "sources", "segmented"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed expression: the module's new text, and how a person finds and names the change.

    `number` tells equal changes of one function apart, in the order of the text.
    """

    module: str
    line: int
    where: str
    before: str
    after: str
    number: int
    text: str

    @property
    def name(self) -> str:
        nth = f" #{self.number}" if self.number > 1 else ""
        return f"{self.where}: {self.before} -> {self.after or 'nothing'}{nth}"


def mutants(module: str, text: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    source, seen, found = text.encode(), Counter[tuple[str, str, str]](), []
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for where, node, new, before, after in _Sites(ast.parse(text)).all():
        first = starts[node.lineno - 1] + node.col_offset
        last = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        said = ast.unparse(new) if isinstance(new, ast.stmt) else f"({ast.unparse(new)})"
        replaced = source[:first] + said.encode() + source[last:]
        seen[where, before, after] += 1
        number = seen[where, before, after]
        found.append(Mutant(module, node.lineno, where, before, after, number, replaced.decode()))
    return found


def unchanged(module: str, text: str) -> Mutant:
    """The module as it is, to be tried like a mutant."""
    return Mutant(module, 1, "module", "as it is", "as it is", 1, text)


Site = tuple[str, ast.expr | ast.stmt, ast.expr | ast.stmt, str, str]


class _Sites:
    """Walks a module and yields each expression, or sum in place, with what it could be instead."""

    def __init__(self, module: ast.Module) -> None:
        self._module = module

    def all(self) -> Iterator[Site]:
        yield from self._walk(self._module, "module", is_declared=False)

    def _walk(self, node: ast.AST, where: str, *, is_declared: bool) -> Iterator[Site]:
        if isinstance(node, ast.FunctionDef):
            for child in (*node.body, *node.args.defaults):
                yield from self._walk(child, node.name, is_declared=False)
            return
        if isinstance(node, ast.AnnAssign):
            if node.value:
                yield from self._walk(node.value, where, is_declared=is_declared)
            return
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node) or _is_type(node):
            return
        if isinstance(node, ast.keyword) and node.arg in NOT_OF_RESULTS:
            return
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DECLARATIONS:
            for value in node.args:
                yield from self._walk(value, where, is_declared=True)
            for keyword in node.keywords:
                yield from self._walk(keyword.value, where, is_declared=keyword.arg not in DECLARED_LOGIC)
            return
        if isinstance(node, ast.expr):
            for new, before, after in _changes(node, is_declared):
                yield where, node, new, before, after
        if isinstance(node, ast.AugAssign):
            other = ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
            yield where, node, other, _brief(node), _brief(other)
        if isinstance(node, ast.If | ast.IfExp) and not is_declared:
            for value in (True, False):
                yield where, node.test, ast.Constant(value), f"if {_brief(node.test)}", str(value)
        is_declared = is_declared and not isinstance(node, ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from self._walk(child, where, is_declared=is_declared)


Change = tuple[ast.expr, str, str]


def _changes(node: ast.expr, is_declared: bool) -> Iterator[Change]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in OTHER_WORDS:
        yield from (_changed(node, ast.Constant(other)) for other in OTHER_WORDS[node.value])
    if is_declared:
        return
    if isinstance(node, ast.Constant):
        yield from _of_constant(node)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in COMPARISONS[type(node.ops[0])]:
            yield _changed(node, ast.Compare(node.left, [kind()], node.comparators))
        yield from _of_literals(node)
    elif isinstance(node, ast.BinOp):
        yield _changed(node, ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
    elif isinstance(node, ast.UnaryOp):
        yield _changed(node, node.operand)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _changed(node, ast.BoolOp(other, node.values))
    elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        for n in range(len(node.elts)):
            rest_of_list = type(node)([*node.elts[:n], *node.elts[n + 1 :]], ast.Load())
            yield rest_of_list, f"[..., {_brief(node.elts[n])}]", ""
    elif isinstance(node, ast.Dict) and len(node.keys) > 1:
        for n, key in enumerate(node.keys):
            rest = ast.Dict([*node.keys[:n], *node.keys[n + 1 :]], [*node.values[:n], *node.values[n + 1 :]])
            yield rest, f"{{{_brief(key) if key else '**'}: ...}}", ""
    elif isinstance(node, ast.Attribute) and node.attr in OTHER_NAMES:
        yield _changed(node, ast.Attribute(node.value, OTHER_NAMES[node.attr], ast.Load()))
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and node.generators[0].ifs:
        new = deepcopy(node)
        new.generators[0].ifs = []
        yield _changed(node, new)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _of_constant(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield _changed(node, ast.Constant(not node.value))
    elif isinstance(node.value, int):
        yield from (_changed(node, ast.Constant(node.value + step)) for step in (1, -1))
    elif isinstance(node.value, str) and node.value in OTHER_COLUMNS:
        yield _changed(node, ast.Constant(OTHER_COLUMNS[node.value]))


def _of_literals(node: ast.Compare) -> Iterator[Change]:
    right = node.comparators[0]
    if isinstance(right, ast.Constant) and isinstance(right.value, str):
        yield _changed(node, ast.Compare(node.left, node.ops, [ast.Constant(right.value + "~")]))


def _of_call(node: ast.Call) -> Iterator[Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    of_frame = node.func.value if isinstance(node.func, ast.Attribute) else None
    given = ", ".join([_brief(one) for one in node.args] + [f"{k.arg}={_brief(k.value)}" for k in node.keywords])
    said = f".{name}({given})"
    is_module = isinstance(of_frame, ast.Name) and of_frame.id == "pl"
    if of_frame is not None and not is_module and name in OMITTED_CALLS:
        yield of_frame, said, ""
    if of_frame is not None and name == "cast" and "Int128" in given:
        yield of_frame, said, ""
    if of_frame is not None and name == "otherwise":
        yield of_frame, said, ""
    if of_frame is not None and name in OTHER_CALLS and not (is_module and name in ("first", "any", "all")):
        func = ast.Attribute(of_frame, OTHER_CALLS[name], ast.Load())
        yield ast.Call(func, node.args, node.keywords), said, f".{OTHER_CALLS[name]}({given})"
    if name in CALLS_OF_A_LIST and len(node.args) > 1 and not any(k.arg == "descending" for k in node.keywords):
        for n, left_out in enumerate(node.args):
            rest = [*node.args[:n], *node.args[n + 1 :]]
            yield ast.Call(node.func, rest, node.keywords), said, f".{name}() without {_brief(left_out)}"
    if name == "lit" and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
        yield _changed(node, ast.Call(node.func, [ast.Constant(node.args[0].value + "~"), *node.args[1:]], []))
    if name == "when":
        for value in (True, False):
            always = ast.Call(ast.Attribute(ast.Name("pl", ast.Load()), "lit", ast.Load()), [ast.Constant(value)], [])
            yield ast.Call(node.func, [always], []), f"when({given})", f"when({value})"


def _changed(node: ast.expr, new: ast.expr) -> Change:
    return new, _brief(node), _brief(new)


def _is_text(node: ast.AST) -> bool:
    """A docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_type(node: ast.AST) -> bool:
    """The words that a value may be."""
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"


def _brief(node: ast.expr | ast.stmt) -> str:
    """An expression on one line; of a long chain of calls only the last ones."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 110 else "..." + text[-100:]
