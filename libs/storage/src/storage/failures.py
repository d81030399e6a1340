"""What the drivers of the stores raise when a store doesn't answer as it should."""

from typing import Final

from pymongo.errors import PyMongoError
from sqlalchemy.exc import SQLAlchemyError

STORE_ERRORS: Final = (SQLAlchemyError, PyMongoError, OSError)
