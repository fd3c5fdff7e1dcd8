"""Merge the branches of two stewards: what people write by document and field; what the build writes is made anew."""
