"""What a cold start costs: from the built packages, the CPU and memory until a function is ready, and its size.

`init` is the import of the handler and everything that its first use needs: settings, secrets over TLS, an open
connection to Postgres, an answer from Valkey, a Kafka producer (tests/first_use.py). Not in it is what Lambda
does before: the start of the interpreter and its own runtime. Packages for this machine are built from the same locks
by the same code as those for AWS, whose size is the one that is told.
"""

from collections.abc import Iterator, Mapping

from bench.cold_start.packages import FUNCTIONS, packages_here, sizes_on_aws
from bench.cold_start.requests import WHAT, check_answer, first_requests
from bench.cold_start.secrets_server import SecretsServer
from bench.cold_start.starting import Start, Starter
from bench.figures import Figure, Target
from bench.lab import BenchLab
from infra.cdk.components.package import MEGABYTE, UNZIPPED_BUDGET, Size

RUNS = {False: 5, True: 1}
QUICK = ["authorizer", "query", "process"]
# What the exporter would scrape and write to; nothing is sent there.
ELSEWHERE = {"METRICS_URL": "http://127.0.0.1:9", "REMOTE_WRITE_URL": "http://127.0.0.1:9"}
MOST_CPU_MS = {"auth": 450, "submit": 450, "query": 450, "replay": 450, "process": 400, "classify": 600, "relay": 350}


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Start every function several times, in turn, so that all see the same machine."""
    functions = QUICK if quick else FUNCTIONS
    packages, sizes = packages_here(functions), sizes_on_aws(functions)
    inits: dict[str, list[Start]] = {name: [] for name in functions}
    requests: dict[str, list[Start]] = {name: [] for name in functions if name in WHAT}
    trusted = packages[functions[0]].layer / "python" / "botocore" / "cacert.pem"
    with SecretsServer(lab.folder / "tls", lab.aws.secrets, trusted) as secrets, first_requests(lab) as events:
        starters = {
            name: Starter(
                name=name,
                package=packages[name],
                variables={**lab.variables(name, **ELSEWHERE), **secrets.variables},
                folder=lab.folder,
            )
            for name in functions
        }
        imports = {name: starter.heaviest_imports() for name, starter in starters.items()}
        for _ in range(RUNS[quick]):
            for name, starter in starters.items():
                inits[name].append(starter.start())
            for name, served in requests.items():
                served.append(starters[name].start(events[name]()))
                check_answer(name, served[-1].answer)
    lab.empty()
    return [
        figure
        for name in functions
        for figure in (
            *_init_figures(name, inits[name], imports[name]),
            *_request_figures(name, requests.get(name, [])),
            *_size_figures(name, sizes[name]),
        )
    ]


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """Hold the CPU of the functions that somebody waits for against the budget, and the size of all."""
    for name, wanted in MOST_CPU_MS.items():
        figure = figures.get(f"cold.{name}.init-cpu-ms")
        yield Target(
            name=f"cold start: {name}, CPU until ready",
            wanted=wanted,
            sense="at most",
            measured=None if figure is None else figure.value,
            unit="ms",
        )
    sizes = [figure.value for key, figure in figures.items() if key.endswith(".unzipped-mb")]
    yield Target(
        name="cold start: the biggest function with its layer, unzipped",
        wanted=UNZIPPED_BUDGET / MEGABYTE,
        sense="at most",
        measured=max(sizes, default=None),
        unit="MB",
    )


def _init_figures(name: str, starts: list[Start], imports: Mapping[str, float]) -> Iterator[Figure]:
    context = {
        "import_cpu_ms": [round(start.cpu_ms("import"), 1) for start in starts],
        "clients_cpu_ms": [round(start.cpu_ms("clients"), 1) for start in starts],
        "modules": starts[0].modules,
        "packages": starts[0].packages,
        "heaviest_imports_ms": dict(imports),
    }
    yield Figure(
        key=f"cold.{name}.init-cpu-ms",
        what=f"{name}: import and first clients, CPU",
        unit="ms",
        runs=tuple(start.cpu_ms() for start in starts),
        context=context,
    )
    yield _figure(name, "init-wall-ms", "import and first clients", "ms", [start.wall_ms() for start in starts])
    yield _figure(name, "init-peak-mb", "peak memory when ready", "MB", [start.peak_mb for start in starts])


def _request_figures(name: str, starts: list[Start]) -> Iterator[Figure]:
    if starts:
        what = f"first request of a fresh environment ({WHAT[name]})"
        yield _figure(name, "first-request-cpu-ms", f"{what}, with the import, CPU", "ms", [s.cpu_ms() for s in starts])
        yield _figure(name, "first-request-wall-ms", f"{what}, with the import", "ms", [s.wall_ms() for s in starts])
        yield _figure(name, "first-request-peak-mb", "peak memory after it", "MB", [s.peak_mb for s in starts])


def _size_figures(name: str, size: Size) -> Iterator[Figure]:
    yield _figure(name, "unzipped-mb", "function and layer for AWS (arm64), unzipped", "MB", [size.unzipped / MEGABYTE])
    yield _figure(name, "zipped-mb", "function and layer for AWS (arm64), zipped", "MB", [size.zipped / MEGABYTE])


def _figure(name: str, key: str, what: str, unit: str, runs: list[float]) -> Figure:
    return Figure(key=f"cold.{name}.{key}", what=f"{name}: {what}", unit=unit, runs=tuple(runs))
