"""One module an engine, or a family of them; each fulfils pymapr.backend.Backend."""
