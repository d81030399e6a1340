"""Users, sign-in sessions and keys."""
