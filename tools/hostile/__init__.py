"""A hostile week in minutes: programs that attack a service of their own on loopback, and print what it did."""
