"""The manifests of deploy/cluster: as `kubectl apply -k` would send them, against Kubernetes' own schemas.

The kinds of Strimzi and of the MongoDB operator have no schema here; of them, what we promise is looked at.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from rights import RIGHTS, privileges

from tools.local.system import ROOT, WEBS, WORKERS

CLUSTER = ROOT / "deploy/cluster"
VERSIONS = ("1.34.0", "1.37.0")
OPERATORS = {"kafka.strimzi.io/v1", "mongodbcommunity.mongodb.com/v1"}

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    """Those of the example, which are those of the base with a place."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl, which puts the manifests together, is not installed")
    built = subprocess.run(["kubectl", "kustomize", CLUSTER / "overlays/example"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return list(yaml.safe_load_all(built.stdout))


def of(manifests: list[Manifest], *kinds: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] in kinds}


def pod(manifest: Manifest) -> Manifest:
    return manifest["spec"]["template"]["spec"]


def app(manifest: Manifest) -> Manifest:
    (container,) = pod(manifest)["containers"]
    return container


def test_every_file_of_the_base_is_part_of_it():
    listed = yaml.safe_load((CLUSTER / "base/kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {file.name for file in (CLUSTER / "base").glob("*.yaml")}


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_each_manifest_and_knows_each_field(manifests, version: str):
    for manifest in manifests:
        if manifest["apiVersion"] not in OPERATORS:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_there_is_a_deployment_for_each_process_of_the_system(manifests):
    assert set(of(manifests, "Deployment")) == {*WEBS, *(f"{name}-worker" for name in WORKERS)}


def test_every_process_has_no_rights_limited_memory_and_probes(manifests):
    for name, manifest in of(manifests, "Deployment", "Job").items():
        container, around = app(manifest), pod(manifest)
        assert around["automountServiceAccountToken"] is False, name
        assert around["securityContext"]["runAsNonRoot"] is True, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["limits"]["memory"], name
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
        if manifest["kind"] == "Deployment":
            assert {"readinessProbe", "livenessProbe"} <= container.keys(), name


def test_web_processes_are_replaced_only_by_ones_that_are_ready_and_are_never_all_gone(manifests):
    budgets, scalers = of(manifests, "PodDisruptionBudget"), of(manifests, "HorizontalPodAutoscaler")
    deployments = of(manifests, "Deployment")
    assert budgets.keys() == deployments.keys()
    for name, manifest in deployments.items():
        assert budgets[name]["spec"]["selector"] == {"matchLabels": {"app": name}}
        assert manifest["spec"]["template"]["metadata"]["labels"]["app"] == name
        if name in WEBS:
            assert manifest["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
            assert scalers[name]["spec"]["minReplicas"] >= 2
            assert "replicas" not in manifest["spec"], f"{name}: its autoscaler says how many"
        else:
            assert manifest["spec"]["replicas"] == 2


def test_the_settings_are_those_that_the_services_read(manifests):
    (settings,) = of(manifests, "ConfigMap").values()
    told = (ROOT / "deploy/example.env").read_text()
    # Signing in to Kafka is read by services that know it; see deploy/cluster/README.md.
    known = {name for name in settings["data"] if f"{name.removesuffix('_FILE')} " in told}
    assert known >= {"LOG_LEVEL", "KAFKA_BOOTSTRAP", "KAFKA_PARTITIONS", "KAFKA_REPLICATION", "TOKEN_PUBLIC_KEY_FILE"}


def test_each_secret_that_is_asked_for_is_made_by_an_operator_or_told_in_the_readme(manifests):
    made = {user["connectionStringSecretName"] for user in mongo(manifests)["users"]}
    made |= set(of(manifests, "KafkaUser")) | {"mpp-cluster-ca-cert"}
    asked = {user["passwordSecretRef"]["name"] for user in mongo(manifests)["users"]} | {"mpp-tls"}
    for manifest in of(manifests, "Deployment", "Job").values():
        for entry in app(manifest)["env"]:
            if "valueFrom" in entry:
                asked.add(entry["valueFrom"]["secretKeyRef"]["name"])
        asked |= {volume["secret"]["secretName"] for volume in pod(manifest)["volumes"] if "secret" in volume}
    readme = (CLUSTER / "README.md").read_text()
    untold = [name for name in asked - made if re.sub(f"({'|'.join(WORKERS)})$", "$service", name) not in readme]
    assert untold == []


def test_only_catalog_signs(manifests):
    with_key = [
        name
        for name, manifest in of(manifests, "Deployment").items()
        if any(volume.get("secret", {}).get("secretName") == "token-private" for volume in pod(manifest)["volumes"])
    ]
    assert with_key == ["catalog-web"]


def test_people_come_by_tls_and_each_path_leads_to_a_service_that_is_there(manifests):
    (ingress,) = of(manifests, "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    assert ingress["spec"]["tls"] == [{"hosts": [rule["host"]], "secretName": "mpp-tls"}]
    assert {path["path"] for path in rule["http"]["paths"] if path["pathType"] == "Exact"} == {"/"}  # not /readyz
    paths = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert paths == {
        "/catalog": "catalog-web",
        "/ticketing/live": "ticketing-live",
        "/ticketing": "ticketing-web",
        "/notifications": "notifications-web",
        "/": "catalog-web",
    }
    services = of(manifests, "Service")
    assert {services[name]["spec"]["selector"]["app"] for name in paths.values()} == set(WEBS)


def test_nothing_is_reached_that_is_not_named(manifests):
    policies = of(manifests, "NetworkPolicy")
    every = {"matchExpressions": [{"key": "process", "operator": "Exists"}]}
    assert policies["nothing-else"]["spec"] == {"podSelector": every, "policyTypes": ["Ingress", "Egress"]}
    for name, manifest in of(manifests, "Deployment", "Job").items():
        assert manifest["spec"]["template"]["metadata"]["labels"]["process"] in ("web", "worker", "job"), name
    to_kafka = policies["workers-to-kafka"]["spec"]["podSelector"]
    assert to_kafka == {"matchLabels": {"process": "worker"}}


def test_no_web_process_has_a_way_out_of_the_cluster(manifests):
    """They reach MongoDB and the cluster's own DNS; only workers may be given more."""
    ways = [
        (policy["spec"]["podSelector"], way["to"])
        for policy in of(manifests, "NetworkPolicy").values()
        for way in policy["spec"].get("egress", [])
    ]
    of_web = [to for selector, to in ways if selector != {"matchLabels": {"process": "worker"}}]
    names = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert of_web == [[{"podSelector": {"matchLabels": {"app": "mongo-svc"}}}], [{"namespaceSelector": names}]]


def mongo(manifests: list[Manifest]) -> Manifest:
    (found,) = of(manifests, "MongoDBCommunity").values()
    return found["spec"]


def test_mongodb_has_three_members_and_users_and_rights_per_service(manifests):
    assert mongo(manifests)["members"] == 3
    assert mongo(manifests)["security"]["authentication"]["modes"] == ["SCRAM"]
    assert {user["name"]: user["roles"] for user in mongo(manifests)["users"]} == {
        name: [{"name": name, "db": "admin"}] for name in RIGHTS["users"]
    }
    made = {role["role"]: role["privileges"] for role in mongo(manifests)["security"]["roles"]}
    assert made == {name: privileges(name) for name in RIGHTS["users"]}


def test_kafka_has_three_brokers_and_an_event_counts_when_two_have_it(manifests):
    (pool,), (cluster,) = of(manifests, "KafkaNodePool").values(), of(manifests, "Kafka").values()
    assert (pool["spec"]["replicas"], pool["metadata"]["labels"]["strimzi.io/cluster"]) == (3, "mpp")
    kafka = cluster["spec"]["kafka"]
    assert kafka["authorization"] == {"type": "simple"}
    assert [listener["authentication"] for listener in kafka["listeners"]] == [{"type": "scram-sha-512"}]
    assert [listener["tls"] for listener in kafka["listeners"]] == [True]
    assert kafka["config"]["min.insync.replicas"] == 2
    assert kafka["config"]["auto.create.topics.enable"] is False
    topics = of(manifests, "KafkaTopic")
    assert set(topics) == {"mpp.access"} | {f"mpp.{name}{kind}" for name in WORKERS for kind in ("", ".dead-letters")}
    for topic in topics.values():
        assert (topic["spec"]["replicas"], topic["spec"]["config"]["min.insync.replicas"]) == (3, 2)


def test_each_service_writes_its_own_topics_alone(manifests):
    for name, user in of(manifests, "KafkaUser").items():
        rights = user["spec"]["authorization"]["acls"]
        written = {acl["resource"]["name"] for acl in rights if "Write" in acl["operations"]}
        assert written - {"mpp.access"} == {f"mpp.{name}", f"mpp.{name}.dead-letters"}
        assert ("mpp.access" in written) == (name == "catalog")
        groups = [acl["resource"] for acl in rights if acl["resource"]["type"] == "group"]
        assert groups == [{"type": "group", "name": name, "patternType": "prefix"}]


def test_images_of_an_overlay_are_named_by_version(manifests):
    images = {app(manifest)["image"] for manifest in of(manifests, "Deployment", "Job").values()}
    assert {Path(image).name.partition(":")[0] for image in images} == {f"mpp-{name}" for name in WORKERS}
    assert all(":" in Path(image).name and not image.endswith(":latest") for image in images)
