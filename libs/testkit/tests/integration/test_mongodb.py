from typing import Any
from urllib.parse import urlsplit

from pymongo import AsyncMongoClient

from testkit.mongodb import MongoDatabases, MongoServer

Client = AsyncMongoClient[dict[str, Any]]


async def test_each_database_is_new_and_gone_afterwards(mongo_server: MongoDatabases) -> None:
    url = mongo_server.create_database()
    async with Client(url) as client:
        await client.get_default_database()["things"].insert_one({"_id": 1})
        assert await client.get_default_database()["things"].count_documents({}) == 1
        mongo_server.drop_database(url)
        assert urlsplit(url).path[1:] not in await client.list_database_names()


async def test_the_url_of_a_test_names_a_database_without_collections(mongo_url: str) -> None:
    async with Client(mongo_url) as client:
        assert client.get_default_database().name.startswith("test_")
        assert await client.get_default_database().list_collection_names() == []


async def test_it_keeps_what_it_has_acknowledged_when_it_is_killed_and_loses_it_with_its_disk(
    own_mongo_server: MongoServer,
) -> None:
    url = own_mongo_server.create_database()
    async with Client(url) as client:
        things = client.get_default_database()["things"]
        for id in range(20):
            await things.insert_one({"_id": id})
        own_mongo_server.restart()
        assert await things.count_documents({}) == 20
        own_mongo_server.restart_empty()
        assert await things.count_documents({}) == 0


async def test_it_is_a_standalone(own_mongo_server: MongoServer) -> None:
    async with Client(own_mongo_server.url) as client:
        assert "setName" not in await client.admin.command("hello")
