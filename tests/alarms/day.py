"""A bad day of the local cloud: one fault after the other, and what the alarms' own metrics said of each.

Faults are made for real and healed; the metrics are read back from the emulator's CloudWatch. What takes a period to
show (no relay for a minute) runs beside the rest.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.alarms.events import FAILING, INSTANT, LOGIN, REFUSED
from tests.alarms.on_paper import ON_PAPER
from tests.alarms.readings import Window
from tests.e2e.client import Tenant
from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.alarms.evaluation import Alarm
    from tests.alarms.faults import Faults
    from tests.alarms.meters import GatewayMeter, LagMeter, ScheduleMeter
    from tests.alarms.readings import Readings
    from tests.e2e.client import Caller
    from tests.e2e.cloud import LocalCloud
    from tests.fakes.openai_server import FakeOpenAI

type Values = Mapping[str, float | None]

MEASURED_BY_RELAY = {"outbox-backlog", "oldest-pending-job", "jobs-unaccounted", "relay-not-running"}
MEASURED_BY_SEAL = ("seal-missing", "audit-trail-broken")
MANY = 1100
STRANGERS = 5
BATCH = 100
# Shorter than what the roles' lock_timeout allows, longer than the alarm on latency does.
LOCK_SECONDS = 3.5
CALLED = ("auth", "authorizer", "docs", "metrics", "migrate", "query", "replay", "rotate", "submit")


@dataclass
class Day:
    """Goes through the day; afterwards each alarm has its values of the healthy, the broken and the healed cloud."""

    cloud: LocalCloud
    faults: Faults
    alarms: Mapping[str, Alarm]
    readings: Readings
    gateway: GatewayMeter
    schedule: ScheduleMeter
    lag: LagMeter
    model: FakeOpenAI
    anonymous: Caller
    healthy: dict[str, Values] = field(default_factory=dict)
    broken: dict[str, Values] = field(default_factory=dict)
    healed: dict[str, Values] = field(default_factory=dict)

    def live(self) -> None:
        """From a healthy morning through every fault to a healthy evening."""
        self._tenant = Tenant.found(self.anonymous)
        self._see_healthy(Window(time.time() - 50, time.time()), "relay-not-running")
        with self.faults.without_relays():
            started = time.time()
            self.faults.run_relay(1)
            self._await_healthy(started, "outbox-backlog", "oldest-pending-job", "jobs-unaccounted")
            self._seal(self.healthy)
            # It takes a relay to count, so it comes before the silence.
            self._tamper()
            silent_since = time.time()
            self._see_work_done(self.healthy)
            self._refuse_strangers()
            self._take_the_database_away()
            self._lock_the_jobs()
            self._take_concurrency_away()
            self._deploy_badly(*CALLED)
            self._break_the_seal()
            self._break_the_consumers()
            with self.faults.away(self.faults.parts.kafka):
                self._fill_the_outbox()
                self._await_silence(silent_since)
                self._measure_the_outbox()
            self._deploy_badly("relay")
        self._heal()

    def breaches(self, name: str, values: Values) -> bool:
        """Whether an alarm would call these values of one period too much, going on like this."""
        alarm = self.alarms[name]
        (*_, watched) = alarm.series({identity: [value, value] for identity, value in values.items()})
        return alarm.missing == "breaching" if watched is None else alarm.breaches(watched)

    def _fill_the_outbox(self) -> None:
        self._submit(MANY, title="Waits in the outbox", **INSTANT)
        # Nobody waits for ten minutes: time is moved instead.
        self._let_time_pass(minutes=10)

    def _await_silence(self, since: float) -> None:
        time.sleep(max(since + self.alarms["relay-not-running"].period_seconds - time.time(), 0))
        self.schedule.publish()
        self._see_broken(since, "relay-not-running")

    def _measure_the_outbox(self) -> None:
        since = time.time()
        self.faults.run_relay(1)
        self._see_broken(since, "outbox-backlog", "oldest-pending-job")

    def _see_work_done(self, seen: dict[str, Values]) -> None:
        """Jobs and tickets that go through; every alarm that is not about silence must find nothing."""
        self._await_no_lag()
        since = time.time()
        jobs = [self._tenant.admin.submit("Goes well", **INSTANT) for _ in range(5)]
        jobs += [self._tenant.admin.submit(f"The printer is on fire, {number}") for number in range(3)]
        for job in jobs:
            self._tenant.admin.wait_for(job["jobId"], "COMPLETED", classified=True)
        self._await_no_lag()
        self.gateway.publish()
        # The rest is told by the relay and the seal, when they run.
        names = self.alarms.keys() - ON_PAPER.keys() - MEASURED_BY_RELAY - {*MEASURED_BY_SEAL}
        self._await_healthy(since, *names, into=seen)

    def _refuse_strangers(self) -> None:
        """Tokens that are no good are errors to Lambda; the alarm must not take them for a broken authorizer."""
        since = time.time()
        assert not any(self.faults.invoke("authorizer", REFUSED) for _ in range(STRANGERS))
        values = wait_until(lambda: self._all_refused(since), "every refusal counted")
        assert not self.breaches("authorizer-errors", values)
        assert self.breaches("authorizer-errors", {**values, "counted": None})

    def _all_refused(self, since: float) -> Values | None:
        values = self._values("authorizer-errors", since)
        return values if set(values.values()) == {STRANGERS} else None

    def _take_the_database_away(self) -> None:
        since = time.time()
        with self.faults.away(self.faults.parts.postgres):
            for _ in range(8):
                assert self._post_a_job().status_code == 503
            # What is called without the API is what the emulator counts.
            assert self.faults.invoke("auth", LOGIN)
        self.gateway.publish()
        self._see_broken(since, "api-server-errors", "submit-server-errors")
        # It raised nothing; its caller got 503 all the same.
        values = wait_until(lambda: self._beyond("auth-errors", since), "auth-errors beyond its threshold")
        assert (values["errors"], values["counted"], values["calls"]) == (0, 1, 1)
        # The next statement of each function finds a broken connection; a caller gets a 503 for it at most once.
        wait_until(lambda: self._post_a_job().status_code == 201, "the database is back")

    def _lock_the_jobs(self) -> None:
        since = time.time()
        with self.faults.jobs_locked(LOCK_SECONDS), ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: self._post_a_job().status_code, range(3)))
        assert answers == [201, 201, 201]
        self.gateway.publish()
        self._see_broken(since, "submit-latency")

    def _take_concurrency_away(self) -> None:
        since = time.time()
        with self.faults.without_concurrency("query"):
            for _ in range(8):
                assert self._tenant.admin.call("GET", "/jobs").status_code >= 429
        self._see_broken(since, "functions-throttled")

    def _deploy_badly(self, *functions: str) -> None:
        since = time.time()
        with self.faults.badly_deployed(*functions), ThreadPoolExecutor(4) as pool:
            assert not any(pool.map(self.faults.invoke, functions))
        self._see_broken(since, *(f"{function}-errors" for function in functions))

    def _seal(self, seen: dict[str, Values]) -> None:
        since = time.time()
        assert self.faults.invoke("seal")
        self._await_healthy(since, *MEASURED_BY_SEAL, into=seen)

    def _break_the_seal(self) -> None:
        since = time.time()
        with self.faults.badly_deployed("seal"):
            assert not self.faults.invoke("seal")
        # The error first: without it, the missing seal could be one that is not counted yet.
        self._see_broken(since, "seal-errors", "seal-missing")

    def _tamper(self) -> None:
        """Past the service, as somebody can who has the database's own password."""
        job = self._tenant.admin.submit("Is tampered with", **INSTANT)["jobId"]
        self._tenant.admin.wait_for(job, "COMPLETED", classified=True)
        since = time.time()
        with self.faults.job_gone(job):
            self.faults.run_relay(1)
            self._see_broken(since, "jobs-unaccounted")
        since = time.time()
        with self.faults.history_rewritten(job):
            # It seals all the same, and tells.
            assert self.faults.invoke("seal")
            self._see_broken(since, "audit-trail-broken")

    def _break_the_consumers(self) -> None:
        self._await_no_lag()
        self.model.always("500")
        with self.faults.badly_deployed("process", "classify"):
            since = time.time()
            self._submit(MANY, title="Fails later", **FAILING)
            self._see_broken(since, "process-errors", "classify-errors")
            since = time.time()
            assert min(self.lag.publish().values()) >= MANY
            self._see_broken(since, *(name for name in self.alarms if name.startswith("consumer-")))
        since = time.time()
        self._see_broken(since, "job-failure-ratio", "dlq-growing", "model-away", seconds=40)
        self._await_no_lag()
        self.model.always(None)

    def _heal(self) -> None:
        started = time.time()
        # What waits in the outbox goes out.
        self.faults.run_relay(2)
        self._see_work_done(self.healed)
        since = time.time()
        self.faults.run_relay(1)
        self._await_healthy(since, "outbox-backlog", "oldest-pending-job", "jobs-unaccounted", into=self.healed)
        self._seal(self.healed)
        self.schedule.publish()
        self._await_healthy(started, "relay-not-running", into=self.healed)

    def _see_broken(self, since: float, *names: str, seconds: float = 15) -> None:
        for name in names:
            self.broken[name] = wait_until(
                lambda name=name: self._beyond(name, since),  # type: ignore[misc]
                f"{name} beyond its threshold",
                seconds=seconds,
                pause=0.3,
            )

    def _beyond(self, name: str, since: float) -> Values | None:
        values = self._values(name, since)
        return values if self.breaches(name, values) else None

    def _await_healthy(self, since: float, *names: str, into: dict[str, Values] | None = None) -> None:
        seen = self.healthy if into is None else into
        for name in names:
            seen[name] = wait_until(
                lambda name=name: self._within(name, since),  # type: ignore[misc]
                f"{name} measured and well",
                pause=0.3,
            )

    def _within(self, name: str, since: float) -> Values | None:
        values = self._values(name, since)
        silence_is_news = self.alarms[name].missing != "notBreaching"
        if self.breaches(name, values) or (silence_is_news and None in values.values()):
            return None
        return values

    def _see_healthy(self, window: Window, *names: str) -> None:
        for name in names:
            self.healthy[name] = self.readings.values(self.alarms[name], window)

    def _values(self, name: str, since: float) -> Values:
        alarm = self.alarms[name]
        window = Window.since(since)
        if window.end - window.start > alarm.period_seconds:
            window = Window(since, since + alarm.period_seconds)
        return self.readings.values(alarm, window)

    def _submit(self, number: int, *, title: str, **fields: Any) -> None:
        body = {"jobs": [{"title": title, **fields}] * BATCH}
        for _ in range(number // BATCH):
            answer = self._tenant.admin.call("POST", "/jobs/batch", body)
            assert (answer.status_code, answer.json().get("created")) == (200, BATCH)

    def _post_a_job(self) -> Any:
        return self._tenant.admin.call("POST", "/jobs", {"title": "One more", **INSTANT})

    def _let_time_pass(self, *, minutes: int) -> None:
        """Make everything that waits as old as if it had waited longer."""
        for table, column in (("jobs", "event_due_at"), ("outbox", "due_at")):
            moved = self.cloud.rows(
                f"UPDATE {table} SET {column} = {column} - make_interval(mins => %s) RETURNING 1 AS moved", minutes
            )
            assert len(moved) >= MANY

    def _await_no_lag(self) -> None:
        wait_until(lambda: not any(self.lag.publish().values()), "every event read", seconds=40)
