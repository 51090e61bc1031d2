# SPDX-License-Identifier: ISC
"""docker/compose.yaml, docker/kubernetes.yaml and what docs/metrics.md adds to them, as far as podman can do what compose and a kubelet do. What is
in them is taken out, a field after the other: one that nobody here knows has not been tried, and fails."""

import json
import re
import subprocess

import pytest
import yaml

from engine import ENVIRONMENT, TOP, podman, until

# What a Prometheus does, in the network that the containers of a pod have together.
SCRAPE = """
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 9464, timeout=90)
connection.request("GET", "/metrics")
reply = connection.getresponse()
print(reply.status, reply.read().decode())
"""


def read(path):
    with open(f"{TOP}/{path}", encoding="utf-8") as file:
        return file.read()


def only(mapping, names):
    """The values of these, None of what is not there; and there is nothing else."""
    names = names.split()
    assert set(mapping) <= set(names), set(mapping) - set(names)
    return [mapping.get(name) for name in names]


def page_block(kind, begins):
    """A block of docs/metrics.md."""
    (block,) = [text for text in re.findall(rf"^```{kind}\n(.*?)^```", read("docs/metrics.md"), re.M | re.S) if text.startswith(begins)]
    return block


@pytest.fixture
def volume(tmp_path):
    """Of root's, as a new one is."""
    directory = tmp_path / "volume"
    directory.mkdir()
    return directory


@pytest.fixture
def memory(tmp_path):
    """An emptyDir in memory, as a kubelet makes it: everybody may write there."""
    directory = tmp_path / "memory"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=777", "tmpfs", directory], check=True)
    yield directory
    subprocess.run(["umount", directory], check=True)


# Kubernetes

@pytest.fixture(scope="module")
def manifests():
    return {document["kind"]: document for document in yaml.safe_load_all(read("docker/kubernetes.yaml"))}


@pytest.fixture(scope="module")
def pod(manifests):
    return manifests["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def sidecar():
    (container,) = yaml.safe_load(page_block("yaml", "- name: metrics"))
    return container


PLAIN = {"str": str, "int": int, "bool": bool}


def strange(models, kind, value, path):
    """What a Kubernetes of that API does not know, or has as something else; kind is a type as its client for Python names it."""
    if kind.startswith("list["):
        return [fault for number, each in enumerate(value) for fault in strange(models, kind[5:-1], each, f"{path}[{number}]")]
    if kind.startswith("dict("):
        return [fault for name, each in value.items() for fault in strange(models, kind.partition(", ")[2][:-1], each, f"{path}.{name}")]
    if kind in PLAIN:
        return [] if type(value) is PLAIN[kind] else [f"{path}: {value!r} is no {kind}"]
    model = getattr(models, kind)
    kinds = {name: model.openapi_types[attribute] for attribute, name in model.attribute_map.items()}
    return [fault for name, each in value.items()
            for fault in (strange(models, kinds[name], each, f"{path}.{name}") if name in kinds else [f"{path}.{name}: there is no such field"])]


def test_kubernetes_knows_every_field(manifests, sidecar):
    models = pytest.importorskip("kubernetes.client.models")
    for kind, document in manifests.items():
        assert strange(models, f"V1{kind}", document, kind) == []
    assert strange(models, "V1Container", sidecar, "sidecar") == []
    wrong = {**sidecar, "ports": [{"containerPort": "9464"}], "readonly": True}
    assert len(strange(models, "V1Container", wrong, "sidecar")) == 2


def security_options(context):
    user, group, not_root, escalation, read_only, capabilities, seccomp = only(
        context, "runAsUser runAsGroup runAsNonRoot allowPrivilegeEscalation readOnlyRootFilesystem capabilities seccompProfile")
    drop, add = only(capabilities, "drop add")
    assert (not_root, escalation, read_only, drop) == (user != 0, False, True, ["ALL"])
    assert only(seccomp, "type") == ["RuntimeDefault"], "as podman's own"
    return ["--user", f"{user}:{group}" if group is not None else str(user), "--read-only", "--read-only-tmpfs=false", "--security-opt", "no-new-privileges",
            "--cap-drop", "ALL", *[word for name in add or () for word in ("--cap-add", name)]]


def mount_options(mounts, places):
    """places: {name: a directory of this machine's; None for an emptyDir of its own}"""
    options = []
    for mount in mounts:
        name, path, read_only = only(mount, "name mountPath readOnly")
        if places[name]:
            options += ["--volume", f"{places[name]}:{path}:exec{',ro' if read_only else ''}"]
        else:
            options += ["--tmpfs", f"{path}:rw,exec,mode=777"]
    return options


def environment(variables):
    return dict(only(variable, "name value") for variable in variables or [])


def container_options(container, places):
    """(options for podman, words for its command, environment, probes)"""
    name, image, arguments, command, variables, context, ports, resources, mounts, alive, ready = only(
        container, "name image args command env securityContext ports resources volumeMounts livenessProbe readinessProbe")
    assert name and image == "hermes-supervised"
    options = security_options(context) + mount_options(mounts, places)
    if resources:
        ((amount,),) = [only(limits, "memory") for limits in only(resources, "limits")]
        options += ["--memory", amount.replace("Mi", "m")]
    if command:
        options += ["--entrypoint", json.dumps(command)]
    for port in ports or []:
        _, number = only(port, "name containerPort")
        assert any(word.endswith(f":{number}") for word in command)
    return options, arguments or [], environment(variables), (alive, ready)


def probe_command(probe):
    execute, *times = only(probe, "exec initialDelaySeconds periodSeconds timeoutSeconds failureThreshold")
    assert all(isinstance(number, int) for number in times if number is not None)
    return only(execute, "command")[0]


def test_the_manifests_belong_together(manifests):
    """A deployment selects its own pods, and finds its volume; a pod's end leaves the gateways their time."""
    version, _, metadata, claim = only(manifests["PersistentVolumeClaim"], "apiVersion kind metadata spec")
    modes, resources = only(claim, "accessModes resources")
    assert (version, modes, list(resources["requests"])) == ("v1", ["ReadWriteOnce"], ["storage"])
    (claimed,) = only(metadata, "name")
    version, _, metadata, spec = only(manifests["Deployment"], "apiVersion kind metadata spec")
    replicas, strategy, selector, template = only(spec, "replicas strategy selector template")
    assert (version, replicas, strategy) == ("apps/v1", 1, {"type": "Recreate"}) and only(metadata, "name")
    metadata, pod = only(template, "metadata spec")
    assert only(selector, "matchLabels") == only(metadata, "labels")
    grace, shared, token, containers, volumes = only(pod, "terminationGracePeriodSeconds shareProcessNamespace automountServiceAccountToken containers volumes")
    assert (shared, token, len(containers)) == (False, False, 1)
    assert grace >= int(environment(containers[0]["env"])["SVCBROKER_STOP_SECONDS"]) + 5
    kinds = {volume["name"]: only(volume, "name persistentVolumeClaim emptyDir")[1:] for volume in volumes}
    assert set(kinds) == {mount["name"] for mount in containers[0]["volumeMounts"]}
    assert kinds["data"] == [{"claimName": claimed}, None] and kinds["tmp"] == [None, {}]
    assert kinds["run"] == [None, {"medium": "Memory", "sizeLimit": "64Mi"}]


def add_profile(container, name):
    container.shell(f"mkdir -p profiles/{name} && echo soul >profiles/{name}/SOUL.md")


def test_the_pod(start, pod, volume):
    options, command, variables, probes = container_options(pod["containers"][0], {"data": volume, "run": None, "tmp": None})
    container = start(*command, options=options, **variables)
    until(lambda: container.service("gateway-default")["state"] == "up", "the default gateway is up")
    for probe in probes:
        assert container.exec(*probe_command(probe), user="root").returncode == 0
    add_profile(container, "coder")
    container.svcctl("start", "coder")
    container.svcctl("restart", "coder")
    container.svcctl("stop", "coder")
    doctor = json.loads(container.svcctl("--json", "doctor", check=False).stdout)["checks"]
    assert [check for check in doctor if check["verdict"] == "failure"] == []
    assert container.shell("stat -c %a /run").stdout == "755\n"
    assert container.stop() != 137


def test_the_liveness_probe_fails_without_a_broker(start, pod):
    container = start()
    container.exec("/command/s6-svc", "-wD", "-d", "/run/service/svcbrokerd", user="root")
    assert container.exec(*probe_command(pod["containers"][0]["livenessProbe"]), user="root", check=False).returncode == 1


def test_a_sidecar_with_the_metrics(image, start, pod, sidecar, volume, memory):
    """Of the same image, in a process and mount namespace of its own, with nothing of the other but /run and the network."""
    options, command, variables, _ = container_options(pod["containers"][0], {"data": volume, "run": memory, "tmp": None})
    hermes = start(*command, options=options, **variables)
    until(lambda: hermes.service("gateway-default")["state"] == "up", "the default gateway is up")
    options, words, variables, _ = container_options(sidecar, {"run": memory})
    assert not words and not variables
    metrics = podman("run", "--detach", "--no-healthcheck", "--network", f"container:{hermes.id}", *options, image).stdout.strip()
    try:
        def scraped():
            return podman("exec", metrics, "/opt/hermes/.venv/bin/python3", "-Ic", SCRAPE, check=False).stdout

        text = until(lambda: (said := scraped()) and 'svcbroker_service_state{service="gateway-default",state="up"} 1' in said and said, "what Prometheus reads")
        assert text.startswith("200 ") and "svcbroker_service_memory_bytes{" not in text, "of another container's processes there is nothing to be read"
        hermes.exec("/command/s6-svc", "-wD", "-d", "/run/service/svcbrokerd", user="root")
        assert scraped().startswith("503 "), "a broker that is away, and `up' is 0"
    finally:
        podman("rm", "--force", "--time", "0", metrics, check=False)


# Compose

@pytest.fixture(scope="module")
def services():
    document = yaml.safe_load(read("docker/compose.yaml"))
    services, volumes = only(document, "services volumes")
    assert set(services) == {"hermes", "dashboard"} and volumes == {"hermes-data": None}
    return services


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def compose_options(service, volume):
    """(options for podman, words for its command, environment)"""
    _, image, command, restart, grace, variables, ports, volumes, drop, add, security = only(
        service, "profiles image command restart stop_grace_period environment ports volumes cap_drop cap_add security_opt")
    assert (image, restart, volumes) == ("hermes-supervised", "unless-stopped", ["hermes-data:/opt/data"])
    assert all(isinstance(value, str) for value in variables.values()), "YAML's numbers are others"
    for port in ports or []:
        assert command[command.index("--port") + 1] == port.rpartition(":")[2] and port.startswith("127.0.0.1:")
    if grace:
        assert seconds(grace) >= int(variables["SVCBROKER_STOP_SECONDS"]) + 5
    security = [word.replace("no-new-privileges:true", "no-new-privileges") for word in security]
    options = ["--volume", f"{volume}:/opt/data", *[word for name in security for word in ("--security-opt", name)],
               *[word for name in drop for word in ("--cap-drop", name)], *[word for name in add for word in ("--cap-add", name)]]
    # ${NAME:-default}, as compose has it where nothing is set.
    return options, command, {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for name, value in variables.items()}


def test_gateway_and_dashboard_on_one_volume(start, services, volume):
    assert services["dashboard"]["profiles"] == ["dashboard"] and "profiles" not in services["hermes"]
    started = {}
    for name in ("hermes", "dashboard"):
        options, command, variables = compose_options(services[name], volume)
        started[name] = start(*command, options=options, **variables)
    until(lambda: started["hermes"].service("gateway-default")["state"] == "up", "the default gateway is up")
    assert "gateway-default" not in started["dashboard"].svcctl("list").stdout
    assert started["dashboard"].svcctl("health").returncode == started["hermes"].svcctl("health").returncode == 0


def test_what_node_exporter_reads(start, services, volume, tmp_path):
    """The loop of docs/metrics.md, as it is there but for where it writes and how long it sleeps; `docker compose exec' is podman's."""
    options, command, variables = compose_options(services["hermes"], volume)
    container = start(*command, options=options, **variables)
    until(lambda: container.service("gateway-default")["state"] == "up", "the default gateway is up")
    docker = tmp_path / "docker"
    docker.write_text(f"""#!/bin/sh
[ "$*" = "compose --file docker/compose.yaml exec -T --user hermes hermes /usr/local/bin/svcctl metrics --prometheus" ] || exit 99
shift 8
exec podman exec --user hermes {container.id} "$@"
""")
    docker.chmod(0o755)
    text = tmp_path / "hermes.prom"
    loop = page_block("sh", "while sleep 30").replace("sleep 30", "sleep 0.2").replace("/var/lib/node_exporter", str(tmp_path))
    running = subprocess.Popen(["sh", "-c", loop], cwd=tmp_path, env={**ENVIRONMENT, "PATH": f"{tmp_path}:{ENVIRONMENT['PATH']}"})
    try:
        until(text.exists, "the text")
    finally:
        running.terminate()
        running.wait()
    assert 'svcbroker_service_state{service="gateway-default",state="up"} 1\n' in text.read_text()
