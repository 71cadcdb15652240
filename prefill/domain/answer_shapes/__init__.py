"""The shapes of the registers' answers, as data: type, nullability and meaning of each key."""
