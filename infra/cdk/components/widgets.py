"""The widgets of both dashboards, so that all look alike."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch

COLUMNS = 24
NUMBER_HEIGHT = 3
GRAPH_HEIGHT = 5


def graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    right: Sequence[cloudwatch.IMetric] = (),
    width: int,
    stacked: bool = False,
) -> cloudwatch.IWidget:
    """Lines over time, from zero; `right` has a scale of its own."""
    from_zero = cloudwatch.YAxisProps(min=0, show_units=False)
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        right=list(right),
        left_y_axis=from_zero,
        right_y_axis=from_zero,
        stacked=stacked,
        width=width,
        height=GRAPH_HEIGHT,
    )


def numbers(title: str, metrics: Sequence[cloudwatch.IMetric], *, width: int) -> cloudwatch.IWidget:
    """The newest values, each with its curve."""
    return cloudwatch.SingleValueWidget(
        title=title, metrics=list(metrics), sparkline=True, width=width, height=NUMBER_HEIGHT
    )


def total(title: str, metric: cloudwatch.IMetric, *, width: int) -> cloudwatch.IWidget:
    """One value over all the time that the dashboard shows."""
    return cloudwatch.SingleValueWidget(
        title=title, metrics=[metric], set_period_to_time_range=True, width=width, height=GRAPH_HEIGHT
    )


def log_graph(title: str, query: Sequence[str], *, log_group: str, width: int) -> cloudwatch.IWidget:
    """What a query counts in a log over time, for what has no metric; `query` is given line by line."""
    return cloudwatch.LogQueryWidget(
        title=title,
        log_group_names=[log_group],
        query_lines=list(query),
        view=cloudwatch.LogQueryVisualizationType.BAR,
        width=width,
        height=GRAPH_HEIGHT,
    )


def text(markdown: str, *, width: int, height: int) -> cloudwatch.IWidget:
    """Words."""
    return cloudwatch.TextWidget(markdown=markdown, width=width, height=height)
