from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from storage.columns import UtcDateTime
from storage.tables import delivery_tables

metadata = MetaData()
delivery = delivery_tables(metadata)

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sku", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("search_text", Text, nullable=False),
    CheckConstraint("price > 0", name="products_price_positive"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="products_reserved_on_hand"),
    UniqueConstraint("sku", name="products_sku"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("placed_by", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("payment_status", String(16), nullable=False),
    Column("transaction_id", Uuid),
    Column("cancel_reason", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "(status = 'confirmed') = (transaction_id IS NOT NULL)", name="orders_confirmed_is_paid"
    ),
    CheckConstraint(
        "(status = 'cancelled') = (cancel_reason IS NOT NULL)", name="orders_cancelled_says_why"
    ),
    Index("orders_customer_id", "customer_id", "id"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("product_id", Uuid, ForeignKey("products.id"), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_id", "position", name="order_lines_pkey"),
    CheckConstraint("quantity > 0", name="order_lines_quantity_positive"),
    Index("order_lines_product_id", "product_id"),
)

saga_steps = Table(
    "saga_steps",
    metadata,
    Column("command_id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Index("saga_steps_order_id", "order_id"),
)
