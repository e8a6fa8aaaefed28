"""The job types. Adding one is adding one file here: a module named after the type that holds a `JOB_TYPE`."""

import importlib
import pkgutil
from functools import cache

from smartqueue.job_types.base import Delivery, JobPayload, JobType, RunningJob, Services, Surroundings

__all__ = ["Delivery", "JobPayload", "JobType", "RunningJob", "Services", "Surroundings", "job_types"]


@cache
def job_types() -> dict[str, JobType]:
    """Return every job type by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base")
    found: list[JobType] = [importlib.import_module(f"{__name__}.{name}").JOB_TYPE for name in names]
    return {job_type.name: job_type for job_type in found}
