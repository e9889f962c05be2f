"""Shows what an organisation of the sandbox is accredited for.

Runs as `python scripts/accredit_show.py [NAME]` and as `brownie run accredit_show`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.accreditation import Role
from medtrust.sandbox import ORGANISATIONS, connect


def main(name: str = "hospital") -> None:
    """Print each role of the organisation and how it stands."""
    registry = connect("steward").accreditation
    member = ORGANISATIONS[name]
    for role in Role:
        if registry.accreditation_count_of(member.id, role):
            print(f"{member.title}: {str(role.name).lower():16}{registry.standing_of(member.id, role).name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
