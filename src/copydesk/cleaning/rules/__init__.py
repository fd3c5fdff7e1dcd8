"""The rules of cleaning, one family a file, named after the defect."""
