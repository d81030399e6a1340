-- Runs once, on an empty volume: a database for each service, which nobody else reads.
CREATE DATABASE auth;
CREATE DATABASE catalog;
CREATE DATABASE chat;
CREATE DATABASE gateway;
CREATE DATABASE ingest;
CREATE DATABASE ledger;
