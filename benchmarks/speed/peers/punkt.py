"""A Punkt model for the peers that want one, learnt from open text: theirs lie on the network.

python -P punkt.py OUT < TEXT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nltk.tokenize.punkt import PunktTrainer

trainer = PunktTrainer()
trainer.train(sys.stdin.read(), finalize=True)
learnt = trainer.get_params()
model = {
    "abbrev_types": sorted(learnt.abbrev_types),
    "collocations": sorted(learnt.collocations),
    "sent_starters": sorted(learnt.sent_starters),
    "ortho_context": dict(sorted(learnt.ortho_context.items())),
}
Path(sys.argv[1]).write_text(json.dumps(model), "utf-8")
