"""Users, and where they are signed in."""
