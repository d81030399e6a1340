"""Delivery on a server that speaks MongoDB's protocol: one document, one atomic write.

docs/decisions/0009-mongo-commits-in-one-document.md says how a unit of work is committed.
"""
