"""Does delivery keep its promise when processes, brokers, databases and networks fail under load?

Three processes made of the real library parts exchange messages over Apache Kafka, each with a
PostgreSQL database of its own:

* `gateway` relays commands that somebody has accepted, hears their outcomes, asks again;
* `ledger` moves the totals of counters, announces each move, refuses what goes below zero;
* `catalog` projects: its `copies` of the counters go on with each move that was announced, and
  with what the ledger's database says when one is missing.

`messages` and `roles` say what they do, `member` runs one of them, `breaking` makes it die at an
exact point. `system` starts them, `load` accepts commands at a steady rate whether they are
answered or not, `evidence` reads what is left in the stores and the log, and `verdict` says what is
wrong with it. Each scenario starts from a seed; FRONTDESK_FAULT_SEED repeats one.
FRONTDESK_FAULTS=all (`make test-faults`) runs the whole set instead of the short one.
"""
