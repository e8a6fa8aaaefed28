"""The services of the integration suite, and how long the histories go on."""

import pytest
from hypothesis import settings

# `pytest tests/model --hypothesis-profile=thorough`: minutes instead of seconds.
settings.register_profile("thorough", max_examples=1500, stateful_step_count=80)


def pytest_configure(config: pytest.Config) -> None:
    """Share the running services with the other suites that need them."""
    config.pluginmanager.import_plugin("tests.integration.services")
