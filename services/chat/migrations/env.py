from chat.adapters.tables import metadata
from storage.migrations import run_in_alembic

run_in_alembic(metadata)
