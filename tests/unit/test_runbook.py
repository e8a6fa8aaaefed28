"""The runbook's form, and that what its commands name is really there: functions, metrics, messages, operations."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from infra.cdk.settings import FUNCTIONS
from smartqueue.metrics import DURATION, Counter, Gauge

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PARTS = ("*Meaning.*", "*Likely.*", "*Mend.*", "*Over*")
SERVICES = botocore.session.get_session()
# Not of the API, but of the command line.
OPTIONS = {"query", "output", "cli-binary-format"}
OTHER_NAMES = {"s3api": "s3"}
ONLY_ON_THE_COMMAND_LINE = {
    ("logs", "tail"): {"since", "filter-pattern"},
    ("rds", "generate-db-auth-token"): {"hostname", "port", "username"},
}
# Lines that Lambda itself or a library writes, and levels.
FOREIGN_WORDS = {"Task timed out", "Traceback", "ERROR", "OperationalError"}
# Of AWS's own metrics, those that no alarm watches and that commands may show.
FOREIGN_METRICS = {
    "AWS/Lambda": {"Duration", "ConcurrentExecutions", "Throttles", "Errors", "Invocations"},
    "AWS/ApiGateway": {"5XXError", "Count", "Latency"},
    "AWS/RDS": {"CPUUtilization", "DBLoad", "DatabaseConnections", "FreeStorageSpace", "MaximumUsedTransactionIDs"},
    "AWS/Kafka": {
        *("SumOffsetLag", "OfflinePartitionsCount", "KafkaDataLogsDiskUsed", "UnderMinIsrPartitionCount"),
        *("BytesInPerSec", "IAMTooManyConnections", "ConnectionCount"),
    },
    "AWS/ElastiCache": {
        *("DatabaseMemoryUsagePercentage", "CurrItems", "Evictions", "EngineCPUUtilization", "NetworkBytesOut"),
    },
}
DIMENSIONS = {
    "SmartTaskQueue": {"service", "stage"},
    "AWS/Lambda": {"FunctionName"},
    "AWS/ApiGateway": {"ApiName", "Resource", "Method", "Stage"},
    "AWS/RDS": {"DBInstanceIdentifier"},
    "AWS/Kafka": {"Cluster Name", "Broker ID", "Consumer Group", "Topic"},
    "AWS/ElastiCache": {"CacheClusterId"},
}


@dataclass(frozen=True)
class Section:
    """One alarm's section."""

    name: str
    text: str

    @cached_property
    def numbered(self) -> list[str]:
        """The commands to begin with."""
        return re.findall(r"^\d\. `([^`]+)`", self.text, re.MULTILINE)


def _sections() -> list[Section]:
    parts = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]
    named = [(part.partition("\n")[0], part) for part in parts]
    return [Section(name, text) for name, text in named if re.fullmatch(r"[a-z-]+", name)]


def _commands() -> list[str]:
    """Everything in the runbook that is to be typed, nested commands by themselves."""
    blocks = [
        " ".join(line.rstrip("\\") for line in block.splitlines())
        for block in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    ]
    typed = [span.replace("\n", " ") for span in re.findall(r"`((?:aws|metric) [^`]+)`", RUNBOOK)]
    nested = [inner for text in (*blocks, *typed) for inner in re.findall(r"\$\((aws [^()]*)\)", text)]
    return [*(re.sub(r"\$\([^()]*\)", "VALUE", text) for text in typed), *nested]


SECTIONS = _sections()
COMMANDS = _commands()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_has_its_five_parts_in_order(section: Section) -> None:
    places = [section.text.index(part) for part in PARTS]
    commands = [match.start() for match in re.finditer(r"^\d\. ", section.text, re.MULTILINE)]
    assert len(commands) == len(section.numbered) == 3
    assert places == sorted(places)
    assert places[0] < commands[0] < commands[-1] < places[1]


def test_a_link_within_the_runbook_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= headings
    assert all((ROOT / "docs" / name).exists() for name in re.findall(r"\]\(([a-z]+\.md)\)", RUNBOOK))


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("aws ")])
def test_the_command_line_knows_the_command_and_its_options(command: str) -> None:
    _, service, operation, *rest = shlex.split(command)
    options = {word.removeprefix("--") for word in rest if word.startswith("--")}
    if (service, operation) in ONLY_ON_THE_COMMAND_LINE:
        assert options <= ONLY_ON_THE_COMMAND_LINE[service, operation]
        return
    model = SERVICES.get_service_model(OTHER_NAMES.get(service, service))
    (found,) = [name for name in model.operation_names if xform_name(name, "-") == operation]
    shape = model.operation_model(found).input_shape
    assert shape is not None
    assert options <= {xform_name(member, "-") for member in shape.members} | OPTIONS


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("metric ")])
def test_a_metric_that_is_shown_exists_with_these_dimensions(command: str) -> None:
    _, namespace, name, _, *dimensions = shlex.split(command)
    ours = {*Counter, *Gauge, DURATION}
    assert name in (ours if namespace == "SmartTaskQueue" else FOREIGN_METRICS[namespace])
    assert {pair.partition("=")[0] for pair in dimensions} <= DIMENSIONS[namespace]


def test_every_metric_of_ours_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", RUNBOOK[RUNBOOK.index("## Metrics") :]))
    assert {*Counter, *Gauge, DURATION} <= explained


@pytest.mark.parametrize("command", [command for command in COMMANDS if "--filter-pattern" in command])
def test_a_message_that_is_looked_for_is_one_that_the_function_writes(command: str) -> None:
    words = shlex.split(command)
    function = words[3].rpartition("-")[2]
    assert function in FUNCTIONS
    sources = "".join(
        file.read_text(encoding="utf-8")
        for folder in (f"functions/{function}", "layers/common/python/smartqueue")
        for file in (ROOT / folder).rglob("*.py")
    )
    pattern = words[words.index("--filter-pattern") + 1]
    phrases = [quoted or bare for quoted, bare in re.findall(r'"([^"]+)"|([A-Za-z]+)', pattern)]
    assert phrases
    for phrase in phrases:
        assert phrase in FOREIGN_WORDS or phrase in sources, f"{function} never writes {phrase!r}"


def test_every_function_that_is_named_exists() -> None:
    named = set(re.findall(r"/aws/lambda/smartqueue-\$STAGE-([a-z]+)", RUNBOOK))
    named |= set(re.findall(r"(?:FunctionName=|--function-name )smartqueue-\$STAGE-([a-z]+)", RUNBOOK))
    assert named
    assert named <= set(FUNCTIONS)


def test_the_helper_asks_for_what_it_is_told() -> None:
    helper = re.search(r"^metric\(\) \{.*?^\}", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert helper is not None
    asked = subprocess.run(
        [
            "bash",
            "-euc",
            f"aws() {{ printf '%s\\n' \"$@\"; }}\n{helper[0]}\nmetric AWS/Kafka Lag Sum 'Cluster Name=a' B=c",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert asked[:9] == [
        *("cloudwatch", "get-metric-statistics"),
        *("--namespace", "AWS/Kafka"),
        *("--metric-name", "Lag"),
        *("--statistics", "Sum"),
        "--dimensions",
    ]
    assert asked[9:11] == ["Name=Cluster Name,Value=a", "Name=B,Value=c"]
