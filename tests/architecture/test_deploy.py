"""What is in deploy/ is held against the real settings, the real command line and the schemas of those who read it."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from typer.main import get_command

from scopix_server.cli.app import app
from scopix_server.config import Settings
from tests.architecture.source import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OURS = "scopix-server:2.0.0"
# What processes read that is no setting of ours, and what only the descriptions themselves use.
OTHERS = {"POSTGRES_PASSWORD", "FORWARDED_ALLOW_IPS", "SITE_ADDRESS", "S3_SITE_ADDRESS"}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def resources() -> Iterator[dict[str, Any]]:
    for path in KUBERNETES:
        yield from yaml.safe_load_all(path.read_text())


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in resources():
        if resource["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield resource["metadata"]["name"], resource["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, pod in pods():
        for container in pod["containers"]:
            yield name, pod, container


def example_values() -> dict[str, str]:
    """The lines of env.example, those that are switched off included."""
    lines = (DEPLOY / "env.example").read_text().splitlines()
    return dict(re.findall(r"^(?:# )?([A-Z0-9_]+)=(.*)$", "\n".join(lines), re.MULTILINE))


def config_values() -> dict[str, str]:
    found: dict[str, str] = {}
    for resource in resources():
        if resource["kind"] in {"ConfigMap", "Secret"}:
            found |= resource.get("data", {}) | resource.get("stringData", {})
    return found


def accepted(values: dict[str, str]) -> Settings:
    known = {name.removeprefix("SCOPIX_").lower(): text for name, text in values.items() if name.startswith("SCOPIX_")}
    return Settings.model_validate(known)


def parse(arguments: list[str]) -> None:
    """Let the command line read a command to its end, without running it."""
    command = get_command(app)
    context = typer.Context(command, info_name="scopix-server")
    while arguments and hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(context, arguments)
        context = typer.Context(command, parent=context)
    command.parse_args(context, list(arguments))


def test_every_variable_is_a_setting() -> None:
    for path in [path for path in DEPLOY.rglob("*") if path.is_file()]:
        for name in re.findall(r"\bSCOPIX_([A-Z0-9][A-Z0-9_]*[A-Z0-9])\b", path.read_text()):
            # A name with a star, such as SCOPIX_S3_*, is cut before it.
            known = [field for field in Settings.model_fields if field == name.lower()]
            assert known or any(field.startswith(f"{name.lower()}_") for field in Settings.model_fields), (path, name)
    for name in {*example_values(), *config_values()}:
        assert name in OTHERS or name.removeprefix("SCOPIX_").lower() in Settings.model_fields, name


def test_the_values_are_accepted() -> None:
    common = compose()["x-scopix"]["environment"]
    settings = accepted(example_values() | common)
    assert (settings.storage, settings.is_shared, settings.metrics) == ("s3", True, "token")
    settings = accepted(config_values())
    assert (settings.storage, settings.is_shared, settings.metrics) == ("s3", True, "token")


def test_every_command_is_one() -> None:
    commands = [service["command"] for service in compose()["services"].values() if service.get("image") == OURS]
    commands += [container["args"] for _, _, container in containers() if container["image"] == OURS]
    assert sorted(map(tuple, commands)) == sorted(2 * [("migrate",), ("serve", "--no-worker"), ("worker",)])
    for command in commands:
        parse(command)
    page = (ROOT / "docs" / "how-to" / "deploy.md").read_text()
    shown = re.findall(r"scopix-server ((?:keys|tenants|doctor|sweep|migrate|encryption-key)[^`\n|&]*)", page)
    assert len(shown) >= 3
    for text in shown:
        parse(text.replace('"', "").split())
    with pytest.raises(Exception, match="No such option"):
        parse(["serve", "--no-such-option"])


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.stem)
def test_kubernetes_would_take_it(path: Path) -> None:
    for resource in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(resource, "1.37", strict=True)


def test_a_resource_with_a_wrong_word_would_be_told() -> None:
    wrong = next(iter(resources())) | {"spec": {"replicas": "two"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**wrong, "apiVersion": "apps/v1", "kind": "Deployment"}, "1.37", strict=True)


def test_what_is_referred_to_is_there() -> None:
    by_kind: dict[str, dict[str, dict[str, Any]]] = {}
    for resource in resources():
        by_kind.setdefault(resource["kind"], {})[resource["metadata"]["name"]] = resource
    for name, pod, container in containers():
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        workload = by_kind.get("StatefulSet", {}).get(name, {})
        volumes |= {claim["metadata"]["name"] for claim in workload.get("spec", {}).get("volumeClaimTemplates", [])}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, name
        for source in container.get("envFrom", []):
            (kind, reference) = next(iter(source.items()))
            assert reference["name"] in by_kind[{"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]]
        for variable in container.get("env", []):
            if key := variable.get("valueFrom", {}).get("secretKeyRef"):
                assert key["key"] in by_kind["Secret"][key["name"]]["stringData"], variable
    labels = [
        resource["spec"]["template"]["metadata"].get("labels", {})
        for kind in ("Deployment", "StatefulSet")
        for resource in by_kind[kind].values()
    ]
    for service in by_kind["Service"].values():
        assert service["spec"]["selector"] in labels, service["metadata"]["name"]
    for rule in by_kind["Ingress"]["scopix"]["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            target = path["backend"]["service"]
            ports = by_kind["Service"][target["name"]]["spec"]["ports"]
            assert target["port"]["name"] in {port.get("name") for port in ports}


def test_our_processes_have_few_rights_and_time_to_stop() -> None:
    values = accepted(config_values())
    ours = [(name, pod, container) for name, pod, container in containers() if container["image"] == OURS]
    assert {name for name, _, _ in ours} == {"migrate", "server", "worker"}
    for name, pod, container in ours:
        rights = container["securityContext"]
        assert (rights["readOnlyRootFilesystem"], rights["allowPrivilegeEscalation"]) == (True, False), name
        assert pod["securityContext"]["runAsNonRoot"] is True
        # A Service named scopix would set SCOPIX_PORT to its address.
        assert pod["enableServiceLinks"] is False
    grace = {name: pod.get("terminationGracePeriodSeconds", 30) for name, pod, _ in ours}
    assert grace["server"] >= values.server_stop_seconds + 5 + 10
    assert grace["worker"] >= values.worker_stop_seconds + 10
    for service in ("server", "worker"):
        described = compose()["services"][service]
        assert int(described["stop_grace_period"].rstrip("s")) >= values.worker_stop_seconds + 10
        assert described["read_only"] is True
        assert {"server": 2, "worker": 4}[service] == described["deploy"]["replicas"]


def test_a_worker_may_have_the_memory_that_its_processes_take() -> None:
    """150 MB for itself and 1.1 GB a child, the budget that `tests/integration/jobs/test_decode_memory.py` holds;
    the limit of a child's address space is above that, or sound images would fail."""
    values = accepted(config_values())
    needed = 150e6 + values.worker_processes * 1.1e9
    (limit,) = [c["resources"]["limits"]["memory"] for name, _, c in containers() if name == "worker"]
    assert float(limit.removesuffix("Gi")) * 2**30 >= needed
    described = compose()["services"]["worker"]["deploy"]["resources"]["limits"]["memory"]
    assert float(described.removesuffix("G")) * 1e9 >= needed
    assert values.worker_memory_bytes > 1.4e9


def test_the_services_of_compose_know_each_other() -> None:
    described = compose()
    for name, service in described["services"].items():
        assert set(service.get("depends_on", [])) <= set(described["services"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith(("/", "./")) or source in described["volumes"], (name, volume)
            assert not source.startswith("./") or (DEPLOY / source).exists(), (name, volume)
    wanted = set(re.findall(r"\$\{([A-Z0-9_]+)[:}]", (DEPLOY / "compose.yaml").read_text()))
    assert wanted <= set(example_values())


def test_images_are_named_without_the_host_they_come_from() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    images += [container["image"] for _, _, container in containers()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for image in images:
        assert re.fullmatch(r"([a-z0-9-]+/)?[a-z0-9-]+:[a-z0-9.-]+", image), image


def test_the_dockerfile_has_nothing_that_a_linter_would_tell() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif("SCOPIX_TEST_IMAGE" not in os.environ, reason="installs all packages anew (670 MB)")
@pytest.mark.timeout(900)
def test_what_the_image_installs_runs_for_a_user_who_may_write_nowhere_else(tmp_path: Path) -> None:
    """The steps of the Dockerfile in a shell; no image is built. As root, who alone may become somebody else."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    place = Path(f"/opt/scopix-{uuid.uuid4().hex[:8]}")
    (step,) = [line for line in re.findall(r"^RUN (.+)$", text, re.MULTILINE) if "pip install" in line]
    try:
        source = tmp_path / "src"
        source.mkdir()
        for name in re.findall(r"^COPY (\S+) ", text, re.MULTILINE)[:3]:
            (source / name).parent.mkdir(exist_ok=True)
            subprocess.run(["cp", "-r", ROOT / name, source / name], check=True)
        step = step.replace("/opt/scopix", str(place)).replace("python -m venv", f"{sys.executable} -m venv")
        step = step.replace("python scripts/web", f"{sys.executable} scripts/web")
        subprocess.run(["/bin/sh", "-c", step], cwd=source, check=True)
        data = Path(f"/tmp/{place.name}")
        as_user = ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups"]
        subprocess.run(["install", "-d", "-o", "10001", "-g", "10001", "-m", "700", data], check=True)
        environment = {"SCOPIX_DATA_DIR": str(data), "HOME": str(data), "PATH": f"{place}/bin:/usr/bin:/bin"}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
        for command in (["migrate"], ["doctor"], ["keys", "create", "--name", "admin"]):
            run = [*as_user, str(place / "bin" / "scopix-server"), *command]
            done = subprocess.run(run, env=environment, cwd="/", capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        subprocess.run(["rm", "-rf", place, f"/tmp/{place.name}"], check=True)
