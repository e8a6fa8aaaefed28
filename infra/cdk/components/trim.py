"""What libraries carry that no function uses, and packages leave out.

A library loads these folders itself only when it is asked for what is in them; who begins to ask takes them off the
list. tests/infra imports every handler without them, and has a model asked.
"""

import json
import shutil
from pathlib import Path

# Of AWS, that functions call: the list in smartqueue/aws.py. botocore describes four hundred.
SERVICES = frozenset({"s3", "secretsmanager"})
# The roots of Amazon Trust Services, which sign for AWS's endpoints; its repository (www.amazontrust.com) asks those
# who choose to take all five. botocore trusts whom browsers trust, and reading that list takes 20 ms of CPU.
ROOTS = (*(f"Amazon Root CA {number}" for number in range(1, 5)), "Starfield Services Root Certificate Authority - G2")
END = "-----END CERTIFICATE-----"
UNUSED = (
    # Command lines and measurements.
    "kafka/benchmarks",
    "kafka/cli",
    "kafka/protocol/old",
    # APIs of OpenAI that are not chat completions, and are half of its library.
    *(f"openai/{kind}/{api}" for kind in ("resources", "types") for api in ("admin", "beta", "live", "realtime")),
)


class MissingRootError(ValueError):
    """botocore does not bring along an authority that AWS's endpoints need."""


def trim(libraries: Path) -> None:
    """Remove the unused from a folder of installed libraries. Raises MissingRootError."""
    for folder in UNUSED:
        shutil.rmtree(libraries / folder, ignore_errors=True)
    botocore = libraries / "botocore"
    if botocore.is_dir():
        for service in (botocore / "data").iterdir():
            if service.is_dir() and service.name not in SERVICES:
                shutil.rmtree(service)
        _trim_endpoints(botocore / "data" / "endpoints.json")
        _trim_roots(botocore / "cacert.pem")


def _trim_endpoints(file: Path) -> None:
    """Leave only our services in the list of all endpoints: it is read whole for the first client."""
    listed = json.loads(file.read_text("utf-8"))
    for partition in listed["partitions"]:
        partition["services"] = {name: of for name, of in partition["services"].items() if name in SERVICES}
    file.write_text(json.dumps(listed), "utf-8")


def _trim_roots(file: Path) -> None:
    """Leave only Amazon's authorities, each with the lines that describe it."""
    described = {text.partition('"')[2].partition('"')[0]: text for text in file.read_text("utf-8").split("# Label: ")}
    if missing := [root for root in ROOTS if END not in described.get(root, "")]:
        raise MissingRootError(f"{file} lacks {', '.join(missing)}")
    file.write_text("".join(f"# Label: {described[root].partition(END)[0]}{END}\n" for root in ROOTS), "utf-8")
