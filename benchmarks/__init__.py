"""What the data layer costs beside its alternatives: `make bench`. Nothing here is part of the product."""
