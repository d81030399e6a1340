"""Messages, topics, money and ids: all that two services have in common."""
