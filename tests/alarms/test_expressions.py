"""The small metric math of this folder, by the examples and rules of CloudWatch's documentation."""

from __future__ import annotations

import pytest

from tests.alarms.expressions import Series, UnknownExpressionError, evaluate

# Of the documentation's page on metric math.
DOCUMENTED: dict[str, Series] = {"metric1": [30, 20, 0, 0], "metric2": [20, None, 20, None]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
    ],
)
def test_the_documented_examples(expression: str, expected: Series) -> None:
    assert evaluate(expression, DOCUMENTED) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", [3.0, 2.0, 4.0, None]),
        ("a - b", [-1.0, -2.0, 4.0, None]),
        ("a * 3", [3.0, None, 12.0, None]),
        ("a / b", [0.5, 0.0, None, None]),
        ("100 * a / (a + b)", [pytest.approx(100 / 3), 0.0, 100.0, None]),
        ("FILL(a, 7)", [1.0, 7.0, 4.0, 7.0]),
        ("DIFF(a)", [None, None, 3.0, None]),
        ("MAX([a, b])", [2.0, 2.0, 4.0, None]),
        ("MAX([100 * FILL(a, 0) / 4, FILL(b, 0)])", [25.0, 2.0, 100.0, 0.0]),
        ("IF(a > 2, 1, 0)", [0.0, None, 1.0, None]),
        ("IF(FILL(a, 0) > 0, 100 * FILL(b, 0) / a, 0)", [200.0, 0.0, 0.0, 0.0]),
        ("IF(a > 0 AND DIFF(a) >= 0, 1, 0)", [0.0, None, 1.0, None]),
        ("IF(a == 4 OR b == 2, 1, 0)", [1.0, 1.0, 1.0, None]),
        ("a != 1", [0.0, None, 1.0, None]),
        ("a <= 1", [1.0, None, 0.0, None]),
    ],
)
def test_what_our_alarms_use(expression: str, expected: Series) -> None:
    assert evaluate(expression, {"a": [1, None, 4, None], "b": [2, 2, None, None]}) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *("MAX(a)", "MIN([a])", "AVG(a)", "SUM([a, a])", "RATE(a)", "FILL(a, REPEAT)", "FILL(a, a)", "IF(a, 1)"),
        *(
            "a ** 2",
            "-a",
            "not a",
            "1 < a < 2",
            "unknown",
            "'a'",
            "a; a",
            "METRICS()",
            "1 + 1",
            "a.b",
            "True",
            "DIFF(1)",
        ),
    ],
)
def test_everything_else_is_refused(expression: str) -> None:
    with pytest.raises(UnknownExpressionError):
        evaluate(expression, {"a": [1.0]})
