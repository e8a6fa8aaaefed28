"""Random faults: several of the others in one run, in an order and at times that a seed decides."""

import random
import threading
import time
from collections.abc import Callable

import psycopg

from tests.faults.failpoints import POINTS, SIDES
from tests.faults.lab import WORKERS
from tests.faults.scene import Fault, Scene
from tests.faults.services import jobs_flowing

GROUP = "random"
STRIKES = 6
ROUNDS = 4
LONGEST_PAUSE_SECONDS = 1.0
Strike = Callable[[Scene, random.Random], None]


def _kill_some_workers(scene: Scene, chance: random.Random) -> None:
    scene.lab.pool.kill(chance.choice(WORKERS))


def _kill_the_relay(scene: Scene, _: random.Random) -> None:
    scene.lab.pool.kill("relay")


def _kill_the_trigger(scene: Scene, _: random.Random) -> None:
    scene.lab.trigger.kill()


def _kill_a_service(scene: Scene, chance: random.Random) -> None:
    lab = scene.lab
    service = chance.choice((lab.kafka, lab.postgres, lab.valkey))
    service.kill()
    time.sleep(chance.random())
    service.start()


def _forget_the_cache(scene: Scene, _: random.Random) -> None:
    scene.lab.flush_cache()


def _cut_clients_off(scene: Scene, _: random.Random) -> None:
    with psycopg.connect(scene.lab.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename LIKE 'smartqueue%'"
        )


def _arm_a_failpoint(scene: Scene, chance: random.Random) -> None:
    point = chance.choice([point for point in POINTS if point.function in WORKERS])
    scene.lab.order(
        f"{point.function}.{point.name}.{chance.choice(SIDES)}", chance.choice(("crash", "error", "delay 1"))
    )


STRIKES_TO_CHOOSE: tuple[Strike, ...] = (
    _kill_some_workers,
    _kill_the_relay,
    _kill_the_trigger,
    _kill_a_service,
    _forget_the_cache,
    _cut_clients_off,
    _arm_a_failpoint,
    _arm_a_failpoint,
    _arm_a_failpoint,
)


def play_randomly(scene: Scene) -> None:
    """Strike again and again while jobs flow."""
    with jobs_flowing(scene, rounds=ROUNDS):
        for _ in range(STRIKES):
            scene.chance.choice(STRIKES_TO_CHOOSE)(scene, scene.chance)
            time.sleep(scene.chance.random() * LONGEST_PAUSE_SECONDS)


def strike_until(scene: Scene, halt: threading.Event, *, every_seconds: float) -> int:
    """Strike now and then until `halt` is set; return how often."""
    count = 0
    while not halt.wait(every_seconds * (0.5 + scene.chance.random())):
        scene.chance.choice(STRIKES_TO_CHOOSE)(scene, scene.chance)
        count += 1
    return count


def random_fault() -> Fault:
    """Return the fault; which faults it is made of, the run's seed says."""
    return Fault(
        name="random",
        group=GROUP,
        tells=f"{STRIKES} of the other faults, chosen by the seed",
        play=play_randomly,
        may_use_up_attempts=True,
        patience_seconds=90.0,
    )
