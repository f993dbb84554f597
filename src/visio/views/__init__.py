"""What callers see: the contract's field names, instants in UTC ending in Z.

Each view stands with those that are shown beside it, so that a function loads few others.
"""
