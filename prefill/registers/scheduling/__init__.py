"""Whose call goes first, and the threads that make the calls: fair queue, thread pools, deadlines."""
