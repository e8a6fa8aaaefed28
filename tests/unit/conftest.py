"""What every function's environment holds, and code that counts cannot do without."""

import pytest


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the namespace of metrics, as the template does."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "SmartTaskQueue")
