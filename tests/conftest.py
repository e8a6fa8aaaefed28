"""What all suites share: random examples are judged by what they do, not by how long a busy machine takes for them."""

from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")
