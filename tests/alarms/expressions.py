"""Metric math, as far as our alarms use it; everything else is refused, so that nothing is evaluated by guess.

The rules are those of CloudWatch's documentation: in arithmetic and comparisons a missing value counts as 0 where the
other side has one; a division by zero drops the point; FILL gives missing points a value; DIFF is the difference to
the point before, and the first point has none.
"""

from __future__ import annotations

import ast
import operator
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

type Series = list[float | None]
"""One value per period, oldest first; None where there is none."""
type Value = float | Series

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class UnknownExpressionError(ValueError):
    """The expression uses something that no alarm of ours used so far."""


def evaluate(expression: str, metrics: Mapping[str, Series]) -> Series:
    """The series that an expression makes of metrics by their ids, all of the same length.

    Raises UnknownExpressionError.
    """
    spelled = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", expression))
    try:
        tree = ast.parse(spelled, mode="eval").body
    except SyntaxError as error:
        raise UnknownExpressionError(expression) from error
    value = _Evaluator(metrics).value(tree)
    if not isinstance(value, list):
        raise UnknownExpressionError(f"{expression} is a number and no series")
    return value


class _Evaluator:
    def __init__(self, metrics: Mapping[str, Series]) -> None:
        self._metrics = metrics
        self._length = len(next(iter(metrics.values())))

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name) if name in self._metrics:
                return self._metrics[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._pairwise(_BINARY[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return self._pairwise(_COMPARISONS[type(op)], self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=[left, right]):
                both = isinstance(op, ast.And)
                return self._pairwise(
                    lambda a, b: (a and b) if both else (a or b),
                    self._truth(self.value(left)),
                    self._truth(self.value(right)),
                )
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._call(function, arguments)
        raise UnknownExpressionError(ast.unparse(node))

    def _call(self, function: str, arguments: Sequence[ast.expr]) -> Value:
        match function, arguments:
            case "IF", [condition, then, otherwise]:
                return self._choose(*(self._spread(self.value(part)) for part in (condition, then, otherwise)))
            case "FILL", [series, ast.Constant(value=int() | float() as filler)]:
                return [float(filler) if point is None else point for point in self._series(series)]
            case "DIFF", [series]:
                return _difference(self._series(series))
            case "MAX", [ast.List(elts=parts)]:
                # Only of a list: MAX of one series would be a single number.
                return [
                    max((point for point in points if point is not None), default=None)
                    for points in zip(*(self._series(part) for part in parts), strict=True)
                ]
        raise UnknownExpressionError(f"{function} of {len(arguments)}")

    def _series(self, node: ast.expr) -> Series:
        value = self.value(node)
        if not isinstance(value, list):
            raise UnknownExpressionError(f"{ast.unparse(node)} is a number and no series")
        return value

    def _spread(self, value: Value) -> Series:
        return value if isinstance(value, list) else [value] * self._length

    def _truth(self, value: Value) -> Value:
        if isinstance(value, list):
            return [None if point is None else float(point != 0) for point in value]
        return float(value != 0)

    def _pairwise(self, function: Callable[[float, float], float], left: Value, right: Value) -> Value:
        if not isinstance(left, list) and not isinstance(right, list):
            return float(function(left, right))
        series = [value for value in (left, right) if isinstance(value, list)]
        points: Series = []
        for index, (a, b) in enumerate(zip(self._spread(left), self._spread(right), strict=True)):
            if all(one[index] is None for one in series):
                points.append(None)
            else:
                points.append(_apply(function, a or 0.0, b or 0.0))
        return points

    @staticmethod
    def _choose(condition: Series, then: Series, otherwise: Series) -> Series:
        return [
            None if asked is None else yes if asked else no
            for asked, yes, no in zip(condition, then, otherwise, strict=True)
        ]


def _apply(function: Callable[[float, float], float], a: float, b: float) -> float | None:
    try:
        return float(function(a, b))
    except ZeroDivisionError:
        return None


def _difference(series: Series) -> Series:
    before: float | None = None
    points: Series = []
    for point in series:
        points.append(None if point is None or before is None else point - before)
        before = before if point is None else point
    return points
