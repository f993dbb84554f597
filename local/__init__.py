"""The local stack: everything that a cloud would be, on one machine. Ships to nobody."""
