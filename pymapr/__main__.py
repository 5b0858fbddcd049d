"""`python -m pymapr`."""

from pymapr.cli import main

raise SystemExit(main())
