"""The services of the integration suite, and how long the histories go on."""

import pytest
from hypothesis import Phase, settings

# Tells what differs.
pytest.register_assert_rewrite("tests.model.comparing", "tests.model.driving")

# `pytest tests/model --hypothesis-profile=thorough`: minutes instead of seconds.
settings.register_profile("thorough", max_examples=500, stateful_step_count=80)
# For bin/guards, which wants to know whether something fails, not the shortest history of it.
settings.register_profile("brief", max_examples=40, stateful_step_count=40, phases=[Phase.generate])


def pytest_configure(config: pytest.Config) -> None:
    """Share the running services with the other suites that need them."""
    config.pluginmanager.import_plugin("tests.integration.services")
