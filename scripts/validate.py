"""Validate: the dataset holds what it claims, or this exits with 1.

corpus → reports/validation.json
"""

from copydesk.stages import validate
from copydesk.stages.runner import main

if __name__ == "__main__":
    main(validate.run)
