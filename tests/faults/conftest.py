"""One laboratory for the short form of the crash tests."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from localstack.services.kafka import quiet_client_logs
from tests.faults.lab import Lab
from tests.faults.run import Bench

LEFT_BY_KAFKA = "unclosed <socket"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A laboratory in use. In the end every job of every test is looked at once more."""
    quiet_client_logs()
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        running = Bench(lab)
        yield running
        assert running.look_again() == []
        assert lab.aws.problems == []
    with warnings.catch_warnings():
        # kafka-python leaves the sockets of refused connections to the garbage collector.
        warnings.filterwarnings("ignore", LEFT_BY_KAFKA, ResourceWarning)
        gc.collect()
