class StackError(Exception):
    """Something the operator can act on, said in one or a few clear sentences."""
