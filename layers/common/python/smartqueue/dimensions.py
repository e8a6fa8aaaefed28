"""What tells one stage's metrics from another's in CloudWatch.

No more than that: every further dimension would make a metric of its own, paid as one, of each of its values.
"""

import os

from smartqueue.settings import StageSettings


def stage_dimensions() -> dict[str, str]:
    """Return the dimensions of every metric of ours. Raises SettingsError."""
    return {"service": "smartqueue", "stage": StageSettings.from_environment(os.environ).stage}
