"""Many faults in several laboratories at once."""

import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localstack.errors import ServiceError
from tests.faults.lab import FAST_PACE, REAL_PACE, Lab
from tests.faults.run import Bench, Result
from tests.faults.runtime.pool import InvocationError
from tests.faults.scene import Fault


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run to be made."""

    fault: Fault
    seed: int


Report = Callable[[Result], None]


class Campaign:
    """Plays tasks in `labs` laboratories. report: called with every result, from any thread.

    keep: where the folders of laboratories stay in which something went wrong; None throws them away.
    """

    def __init__(self, tasks: Sequence[Task], *, labs: int, report: Report, keep: Path | None = None) -> None:
        self._tasks: queue.Queue[Task] = queue.Queue()
        # Those that wait for a function's time to be over take longest: first, so that no laboratory ends late.
        for task in sorted(tasks, key=lambda t: (not t.fault.real_pace, not t.fault.name.endswith(":hang"))):
            self._tasks.put(task)
        self._labs = max(min(labs, len(tasks)), 1)
        self._report = report
        self._keep = keep
        self._lock = threading.Lock()
        self.problems: list[str] = []
        self.results: list[Result] = []

    def run(self) -> list[Result]:
        """Play everything and return the results."""
        threads = [threading.Thread(target=self._work, name=f"lab {n}") for n in range(self._labs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            # What runs ends in order, so that no server is left behind.
            while self._next():
                pass
            for thread in threads:
                thread.join()
        return self.results

    def _work(self) -> None:
        while task := self._next():
            if task.fault.real_pace:
                self._in_lab([task], Lab(self._folder(), REAL_PACE))
            else:
                self._in_lab(self._rest(task), Lab(self._folder(), FAST_PACE))

    def _rest(self, first: Task) -> "Tasks":
        return Tasks(first, self._next, self._tasks.put)

    def _next(self) -> Task | None:
        try:
            return self._tasks.get_nowait()
        except queue.Empty:
            return None

    @staticmethod
    def _folder() -> Path:
        return Path(tempfile.mkdtemp(prefix="smartqueue-faults-"))

    def _in_lab(self, tasks: "Sequence[Task] | Tasks", lab: Lab) -> None:
        wrong = False
        try:
            with lab:
                bench = Bench(lab)
                for task in tasks:
                    result = bench.run(task.fault, seed=task.seed)
                    wrong = wrong or bool(result.violations)
                    with self._lock:
                        self.results.append(result)
                        self._report(result)
                late = bench.look_again()
                late += [f"the kit itself: {problem!r}" for problem in lab.aws.problems]
                wrong = wrong or bool(late)
                with self._lock:
                    self.problems += late
        except (ServiceError, InvocationError, TimeoutError) as error:
            wrong = True
            with self._lock:
                self.problems.append(f"the laboratory broke down: {error}")
        finally:
            self._leave(lab.folder, keep=wrong)

    def _leave(self, folder: Path, *, keep: bool) -> None:
        if keep and self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            shutil.copytree(folder / "logs", self._keep / folder.name, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


class Tasks:
    """What one laboratory plays: the first task, and whatever is next that does not need another pace."""

    def __init__(self, first: Task, get: Callable[[], Task | None], put_back: Callable[[Task], None]) -> None:
        self._first: Task | None = first
        self._get = get
        self._put_back = put_back

    def __iter__(self) -> "Tasks":
        return self

    def __next__(self) -> Task:
        task, self._first = self._first or self._get(), None
        if task is None:
            raise StopIteration
        if task.fault.real_pace:
            self._put_back(task)
            raise StopIteration
        return task
