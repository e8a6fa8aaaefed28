"""Sealed heads: what the database alone cannot know about its past."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.seal.models import SealDocument
from functions.seal.seals import Seals
from smartqueue.audit_chain import Kind
from tests.integration.harness import Plane
from tests.integration.trails import NEW_ROW, at, fill, kinds, locked_bucket, rewrite, tamper, verified
from tests.integration.wiring import SEAL_BUCKET


@pytest.fixture
def token(plane: Plane) -> str:
    """Of the ADMIN of tenant-a, whose trail has jobs of every kind in it."""
    return fill(plane)


@pytest.fixture
def bucket(plane: Plane) -> Iterator[Any]:
    """A bucket with Object Lock, empty and new."""
    yield from locked_bucket()


def test_a_rewritten_chain_is_found_by_a_sealed_head_alone(plane: Plane, token: str, bucket: Any) -> None:
    report = plane.invoke("seal", {})
    assert (report["problems"], report["finished"], report["tenants"]) == ([], True, 1)
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    rewrite(plane)
    # Consistent in itself: the database alone cannot tell.
    assert verified(plane, token) == []
    report = plane.invoke("seal", {"action": "verify"})
    assert kinds(report["problems"]) == {Kind.HEAD_MISMATCH: 1}
    # The daily seal starts behind what was sealed, and notices as well.
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.HEAD_MISMATCH: 1}
    # A problem stays one until somebody has looked into it: tomorrow's seal does not start from today's.
    plane.submit(token)
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.HEAD_MISMATCH: 1}


def test_a_tenant_that_was_removed_with_its_trail_is_missed(plane: Plane, token: str, bucket: Any) -> None:
    plane.admin("tenant-b", "bob")
    plane.invoke("seal", {})
    tables = ("outbox", "audit_seals", "audit_heads", "audit_chain", "audit_logs", "jobs", "users", "tenants")
    tamper(plane, *(f"DELETE FROM {table} WHERE tenant_id = 'tenant-b'" for table in tables))
    for event in ({"action": "verify"}, {"action": "verify", "tenantId": "tenant-b"}, {}):
        [problem] = plane.invoke("seal", event)["problems"]
        assert (problem["tenantId"], problem["kind"]) == ("tenant-b", Kind.HEAD_MISMATCH)
    assert plane.invoke("seal", {"action": "verify", "tenantId": "tenant-a"})["problems"] == []


def test_every_day_only_what_is_new_is_verified(plane: Plane, token: str, bucket: Any) -> None:
    first = plane.invoke("seal", {})
    assert first["checked"] > 10
    plane.submit_many(token, 4)
    second = plane.invoke("seal", {})
    assert (second["checked"], second["problemCount"]) == (4, 0)
    assert first["key"] < second["key"]
    whole = plane.invoke("seal", {"action": "verify"})
    assert (whole["checked"], whole["problemCount"]) == (first["checked"] + 4, 0)
    # What is new is looked at with its links and without.
    tamper(plane, NEW_ROW.replace("%s", "1"))
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.UNCHAINED: 1}


def test_an_edit_behind_the_last_seal_is_found_by_verifying_all(plane: Plane, token: str, bucket: Any) -> None:
    plane.invoke("seal", {})
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    assert plane.invoke("seal", {})["problems"] == []
    [problem] = plane.invoke("seal", {"action": "verify"})["problems"]
    assert (problem["kind"], problem["position"]) == (Kind.EDITED, 3)


def test_a_seal_is_kept_whatever_is_done_to_its_object(plane: Plane, token: str, bucket: Any) -> None:
    key = plane.invoke("seal", {})["key"]
    [version] = bucket.list_object_versions(Bucket=SEAL_BUCKET)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.delete_object(Bucket=SEAL_BUCKET, Key=key, VersionId=version["VersionId"])
    bucket.delete_object(Bucket=SEAL_BUCKET, Key=key)
    bucket.put_object(Bucket=SEAL_BUCKET, Key=key, Body=b"{}", ChecksumAlgorithm="SHA256")
    bucket.put_object(Bucket=SEAL_BUCKET, Key="heads/2026/01/01/junk.json", Body=b"junk", ChecksumAlgorithm="SHA256")
    seals = Seals(bucket, SEAL_BUCKET)
    [seal] = seals.all()
    assert seal.document.key() == key
    assert seals.latest() == seal.document
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    rewrite(plane)
    assert kinds(plane.invoke("seal", {"action": "verify"})["problems"]) == {Kind.HEAD_MISMATCH: 1}


def test_no_seal_takes_anothers_place(plane: Plane, token: str, bucket: Any) -> None:
    plane.invoke("seal", {})
    seals = Seals(bucket, SEAL_BUCKET)
    seal = seals.latest()
    assert seal is not None
    with pytest.raises(ClientError, match="PreconditionFailed"):
        seals.write(SealDocument(stage="test", sealed_at=seal.sealed_at, tenants=[]))
    assert seals.latest() == seal


def test_what_was_found_is_told_by_a_gauge(
    plane: Plane, token: str, bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.invoke("seal", {})
    tamper(plane, f"DELETE FROM audit_logs WHERE id = {at(3)}")
    plane.invoke("seal", {"action": "verify"})
    # One tenant's good news is no news of the others.
    plane.invoke("seal", {"action": "verify", "tenantId": "nobody"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "audit_problems" in line]
    assert [line["audit_problems"] for line in lines] == [[0.0], [1.0]]


def test_another_action_is_refused(plane: Plane, bucket: Any) -> None:
    with pytest.raises(ValueError, match="there is no action 'erase'"):
        plane.invoke("seal", {"action": "erase"})


def test_time_that_runs_out_is_told_and_the_next_seal_goes_on_from_there(
    plane: Plane, token: str, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.seal.auditor.PAGE", 5)
    first = plane.invoke("seal", {}, seconds=1)
    assert (first["finished"], first["checked"], first["problemCount"]) == (False, 5, 0)
    second = plane.invoke("seal", {}, seconds=1)
    assert (second["finished"], second["checked"], second["problemCount"]) == (False, 5, 0)
    last = plane.invoke("seal", {})
    assert (last["finished"], last["problemCount"]) == (True, 0)
    assert plane.invoke("seal", {})["checked"] == 0
