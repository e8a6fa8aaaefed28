"""Faults of whole services and processes while jobs flow."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from localstack.process import ManagedProcess
from localstack.services.base import Service
from tests.faults.lab import WORKERS
from tests.faults.scene import Fault, Scene
from tests.faults.workload import ENDLESS, HOOK, HOPELESS, QUICK, SLOW, STUBBORN, TICKET, USUAL

GROUP = "service"
ROUNDS = 3
# How far into the workload things break, and for how long they stay broken.
LEAD_SECONDS = 0.3
AWAY_SECONDS = 2.0
RECOVERY_LIMIT_SECONDS = 20.0
# How many jobs must be at work when the workers of the real pace are killed.
RUNNING = 4


@contextmanager
def jobs_flowing(scene: Scene, *, rounds: int = ROUNDS) -> Iterator[None]:
    """Submit jobs of every kind while the work inside breaks something, a moment after they began to flow."""
    failure: list[BaseException] = []

    def submit() -> None:
        try:
            scene.workload.submit(USUAL, rounds=rounds, pause_seconds=0.05)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failure.append(error)

    thread = threading.Thread(target=submit, name="workload")
    thread.start()
    try:
        time.sleep(LEAD_SECONDS + scene.chance.random() * LEAD_SECONDS)
        scene.strike()
        yield
    finally:
        thread.join()
    if failure:
        raise failure[0]


def _service(name: str) -> Callable[[Scene], Service]:
    return lambda scene: getattr(scene.lab, name)


def _kill(get: Callable[[Scene], Service]) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        with jobs_flowing(scene):
            get(scene).kill()
            time.sleep(AWAY_SECONDS)
            get(scene).start()

    return play


def _restart(get: Callable[[Scene], Service]) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        with jobs_flowing(scene):
            get(scene).stop()
            get(scene).start()

    return play


def _freeze(get: Callable[[Scene], ManagedProcess]) -> Callable[[Scene], None]:
    """Stop a process without ending it: its connections stay open and say nothing."""

    def play(scene: Scene) -> None:
        with jobs_flowing(scene):
            process = get(scene).find()
            if process is None:
                raise RuntimeError("there is nothing to freeze")
            family = [process, *process.children(recursive=True)]
            for member in family:
                os.kill(member.pid, signal.SIGSTOP)
            time.sleep(AWAY_SECONDS)
            for member in reversed(family):
                os.kill(member.pid, signal.SIGCONT)

    return play


def play_database_failover(scene: Scene) -> None:
    """Let the database do what a failing primary does: it turns read-only, hangs up on everybody, and is away."""
    with jobs_flowing(scene), psycopg.connect(scene.lab.postgres.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
        # The role's own default outlives the reload: the administrator must still be able to write.
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename IS NOT NULL"
        )
        scene.lab.postgres.stop()
        time.sleep(AWAY_SECONDS / 2)
        scene.lab.postgres.start()


def play_disconnects(scene: Scene) -> None:
    """Hang up on every database client, again and again."""
    with jobs_flowing(scene), psycopg.connect(scene.lab.postgres.superuser_url, autocommit=True) as connection:
        for _ in range(5):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND usename LIKE 'smartqueue%'"
            )
            time.sleep(0.3)


def play_kill_trigger(scene: Scene) -> None:
    """Kill the trigger, twice."""
    with jobs_flowing(scene):
        for _ in range(2):
            scene.lab.trigger.kill()
            time.sleep(1.0)


def play_kill_relay(scene: Scene) -> None:
    """Kill the relay in the middle of its minute."""
    with jobs_flowing(scene):
        scene.lab.pool.kill("relay")


def play_kill_workers(scene: Scene) -> None:
    """Kill every process that serves submit, process or classify, three times."""
    with jobs_flowing(scene):
        for _ in range(3):
            scene.lab.pool.kill(*WORKERS)
            time.sleep(0.7)


def play_kill_everything(scene: Scene) -> None:
    """Cut the power: functions, trigger and services, all at once."""
    with jobs_flowing(scene):
        lab = scene.lab
        lab.trigger.pause()
        lab.pool.kill()
        for service in (lab.kafka, lab.valkey, lab.postgres):
            service.kill()
        for service in (lab.postgres, lab.valkey, lab.kafka):
            service.start()
        lab.trigger.resume()


def play_kill_workers_for_real(scene: Scene) -> None:
    """With a stage's own waiting times: kill every worker while each of them runs jobs, and count the seconds."""
    scene.workload.submit([HOOK, TICKET, QUICK], rounds=4)
    scene.wait_until_done(seconds=30)
    scene.workload.submit([SLOW], rounds=4)
    # Begun and not done: the worst moment.
    scene.wait_until_running(RUNNING)
    scene.strike()
    scene.lab.pool.kill(*WORKERS)


def play_empty_cache(scene: Scene) -> None:
    """Let the cache forget everything, again and again."""
    with jobs_flowing(scene):
        for _ in range(5):
            scene.lab.flush_cache()
            time.sleep(0.3)


def play_endless_handlers(scene: Scene) -> None:
    """Run handlers that never return."""
    scene.strike()
    scene.workload.submit([ENDLESS, QUICK, ENDLESS, STUBBORN, HOPELESS])


def _fault(name: str, tells: str, play: Callable[[Scene], None], **settings: bool | float) -> Fault:
    return Fault(name=name, group=GROUP, tells=tells, play=play, **settings)  # type: ignore[arg-type]


def service_faults() -> list[Fault]:
    """Return all of them."""
    kafka, postgres, valkey = _service("kafka"), _service("postgres"), _service("valkey")
    return [
        _fault("kafka-killed", "SIGKILL of the broker, back after 2 s", _kill(kafka)),
        _fault("kafka-restarted", "orderly restart of the broker", _restart(kafka)),
        _fault("kafka-frozen", "the broker says nothing for 2 s", _freeze(lambda s: s.lab.kafka.process)),
        _fault("postgres-killed", "SIGKILL of the database, back after 2 s", _kill(postgres), may_use_up_attempts=True),
        _fault("postgres-restarted", "orderly restart of the database", _restart(postgres), may_use_up_attempts=True),
        _fault("postgres-frozen", "the database says nothing for 2 s", _freeze(lambda s: s.lab.postgres.process)),
        _fault(
            "postgres-failover",
            "read-only for half a second, every client cut off, away for a second",
            play_database_failover,
            may_use_up_attempts=True,
        ),
        _fault("postgres-disconnects", "every client cut off, five times", play_disconnects, may_use_up_attempts=True),
        _fault("valkey-killed", "SIGKILL of the cache, back empty after 2 s", _kill(valkey)),
        _fault("valkey-frozen", "the cache says nothing for 2 s", _freeze(lambda s: s.lab.valkey.process)),
        _fault("valkey-emptied", "the cache forgets everything, five times", play_empty_cache),
        _fault("trigger-killed", "SIGKILL of the trigger, twice", play_kill_trigger),
        _fault("relay-killed", "SIGKILL of the relay", play_kill_relay),
        _fault("workers-killed", "SIGKILL of every worker, three times", play_kill_workers, may_use_up_attempts=True),
        _fault(
            "power-cut",
            "SIGKILL of every process there is, at once",
            play_kill_everything,
            may_use_up_attempts=True,
        ),
        _fault("handlers-never-return", "handlers that run until they are cut off", play_endless_handlers),
        _fault(
            "workers-killed-for-real",
            "SIGKILL of every worker, with a deployed stage's leases, retries and schedule",
            play_kill_workers_for_real,
            real_pace=True,
            recovery_limit_seconds=RECOVERY_LIMIT_SECONDS,
            expires_leases=True,
        ),
    ]
