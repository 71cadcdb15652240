"""Form schemas: reading, checking, compiling and filling them."""
