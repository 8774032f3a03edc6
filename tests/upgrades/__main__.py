"""Write the folder of this version: `./dev release` runs this on a throw-away database."""

import os
import sys

import django

from tests import upgrades

if __name__ == "__main__":
    os.environ |= {"SECRET_KEY": upgrades.SECRET_KEY, "SIGNING_KEYS": upgrades.SIGNING_KEYS}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.upgrades.making import main

    sys.exit(main())
