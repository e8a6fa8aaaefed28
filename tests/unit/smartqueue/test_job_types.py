"""Finding job types."""

from pathlib import Path

import pytest
from pydantic import ValidationError

import smartqueue.job_types
from smartqueue.job_types import JobPayload, job_types

FOLDER = Path(smartqueue.job_types.__file__).parent


def test_every_module_is_a_job_type_of_its_own_name() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert set(job_types()) == modules == {"ticket", "webhook", "simulate"}
    assert all(job_type.name == name for name, job_type in job_types().items())


def test_only_tickets_wait_for_their_classification_and_only_simulated_work_is_for_demos() -> None:
    assert [name for name, t in job_types().items() if t.awaits_classification] == ["ticket"]
    assert [name for name, t in job_types().items() if t.demo_only] == ["simulate"]


@pytest.mark.parametrize("name", list(job_types()))
def test_payloads_refuse_unknown_fields(name: str) -> None:
    payload = job_types()[name].payload
    assert issubclass(payload, JobPayload)
    with pytest.raises(ValidationError):
        payload.model_validate({"url": "https://example.com", "unknown": 1})


def test_a_new_file_is_a_new_job_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo.py").write_text(
        "from smartqueue.job_types.base import JobPayload, JobType\n"
        "async def run(job, services): return job.payload\n"
        "JOB_TYPE = JobType(name='echo', summary='x', payload=JobPayload, run=run)\n",
        "utf-8",
    )
    monkeypatch.setattr(smartqueue.job_types, "__path__", [str(FOLDER), str(tmp_path)])
    job_types.cache_clear()
    try:
        assert set(job_types()) == {"ticket", "webhook", "simulate", "echo"}
    finally:
        monkeypatch.undo()
        job_types.cache_clear()
