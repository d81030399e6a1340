"""The stack on the servers of a real deployment, each as a process of the stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from servers.kafka import Kafka
from servers.mongodb import MongoDB
from servers.postgres import Postgres
from servers.processes import Server
from stack.layout import Layout, open_a_way
from stack.ports import controller_port
from stack.process_spec import server_spec
from stack.profiles import ON_SERVERS, SERVICES, servers_of, store_of
from stack.secrets import read_or_make_secrets
from stack.service_specs import Deployment
from stack.topics import create_topics
from stack.topology import MODEL_DIR, Topology


def servers_topology(
    layout: Layout, ports: Mapping[str, int], *, model_dir: Path = MODEL_DIR
) -> Topology:
    """Raises StackError when this machine lacks one of the servers, or the model isn't built."""
    secrets = read_or_make_secrets(layout)
    servers = _Servers.of(layout, ports, password=secrets.internal_key)
    if servers.postgres.user_id is not None:
        open_a_way(layout.root, layout.servers)
    deployment = Deployment(
        data=layout.servers,
        ports=ports,
        secrets=secrets,
        model_dir=model_dir,
        database_urls={name: servers.database_url(name) for name in SERVICES},
    )
    inner_ports = {"broker": {"controller": servers.kafka.controller_port}}
    return Topology(
        servers=tuple(
            server_spec(name, servers.named(name), ports[name], **inner_ports.get(name, {}))
            for name in servers_of(ON_SERVERS)
        ),
        services=deployment.services(),
        on_servers_ready=servers.complete,
    )


@dataclass(frozen=True, kw_only=True)
class _Servers:
    kafka: Kafka
    postgres: Postgres
    mongodb: MongoDB

    @classmethod
    def of(cls, layout: Layout, ports: Mapping[str, int], *, password: str) -> Self:
        folder, broker_port = layout.servers, ports["broker"]
        return cls(
            kafka=Kafka(
                folder=folder / "broker",
                port=broker_port,
                controller_port=controller_port(broker_port),
            ),
            postgres=Postgres(
                folder=folder / "postgres",
                port=ports["postgres"],
                durable=True,
                password=password,
            ),
            mongodb=MongoDB(folder=folder / "mongodb", port=ports["mongodb"]),
        )

    def named(self, name: str) -> Server:
        servers: dict[str, Server] = {
            "broker": self.kafka,
            "postgres": self.postgres,
            "mongodb": self.mongodb,
        }
        return servers[name]

    def database_url(self, service: str) -> str:
        if store_of(service) == "mongodb":
            return f"{self.mongodb.url}/{service}"
        return self.postgres.url(service, scheme="postgresql+asyncpg")

    def complete(self) -> None:
        """What they need before the services start; what is there stays."""
        self.postgres.create_databases(name for name in SERVICES if store_of(name) == "postgres")
        create_topics(self.kafka.bootstrap_servers, in_memory=False)
